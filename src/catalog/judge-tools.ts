import type { ListedTool, Listing } from "./listing.ts";
import { findOddities, MAX_DESCRIPTION } from "./tool-findings.ts";
import { toolButForName, toolHash, toolShape } from "./tool-hash.ts";
import type { ReviewKind, ToolReview } from "./tool-review.ts";
import { boundedBook, type Pin, type TrustBook } from "./trust-book.ts";

/** What a backend says about itself is judged like a tool that has this name. */
export const INSTRUCTIONS = "(instructions)";

export type Judging = Readonly<{
  /** `warn`: all is served but what was refused. */
  trust: "warn" | "enforce";
  /** Listings of several people are judged by one book: none of them is all there is. */
  variants: boolean;
  now: number;
}>;

export type Judged = Readonly<{
  /** Its hash is that of the listing as it came. */
  listing: Listing;
  book: TrustBook;
}>;

/**
 * What of a listing is served, by what was approved before. Unchanged: as it is. Changed in its words
 * only: as it was approved, because it takes and gives the same. Anything else that was not approved:
 * not at all. The first listing is approved as it comes, but for what looks like an attack.
 */
export async function judgeTools(raw: Listing, book: TrustBook, judging: Judging): Promise<Judged> {
  const listing = withoutImpostor(raw);
  const subjects = await Promise.all(subjectsOf(listing).map(withHash));
  const pins = groupByName(book.pins);
  const seenBefore = new Map(book.reviews.map((review) => [keyOf(review), review]));
  const refused = new Set(book.refused.map(keyOf));
  const renamed = judging.variants ? () => undefined : createRenames(book, subjects);
  const approved: Pin[] = [];
  const reviews: ToolReview[] = [];
  const served = new Map<string, ListedTool>();
  for (const { tool, hash } of subjects) {
    const { name } = tool;
    const known = pins.get(name) ?? [];
    if (known.some((pin) => pin.hash === hash)) {
      served.set(name, tool);
      continue;
    }
    const before = seenBefore.get(keyOf({ name, hash }));
    const findings = findOddities(tool);
    const isFirst = !book.begun && known.length === 0 && before === undefined;
    if (isFirst && !findings.some(({ serious }) => serious)) {
      approved.push({ name, hash, tool });
      served.set(name, tool);
      continue;
    }
    const isRefused = refused.has(keyOf({ name, hash }));
    const kind: ReviewKind = known.length > 0 ? "changed" : book.begun ? "new" : "suspicious";
    reviews.push({
      name,
      kind: before?.kind ?? kind,
      approved: known.at(-1)?.tool,
      now: tool,
      hash,
      findings: findings.map(({ text }) => text),
      renamedFrom: known.length > 0 ? undefined : renamed(tool),
      refused: isRefused,
      firstSeen: before?.firstSeen ?? judging.now,
    });
    const shown = judging.trust === "warn" && !isRefused ? tool : standIn(tool, known);
    if (shown !== undefined) served.set(name, shown);
  }
  const others = judging.variants ? book.reviews.filter(isNotIn(subjects)) : [];
  const next = boundedBook({
    // A list without tools is no beginning: some come to them later.
    begun: book.begun || listing.tools.length > 0,
    pins: [...book.pins, ...approved],
    refused: book.refused,
    reviews: [...others, ...reviews].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    more: 0,
  });
  return { listing: asServed(listing, served, { reviews, trust: judging.trust }), book: next };
}

type Subject = Readonly<{ tool: ListedTool; hash: string }>;

async function withHash(tool: ListedTool): Promise<Subject> {
  return { tool, hash: await toolHash(tool) };
}

function subjectsOf({ tools, instructions }: Listing): readonly ListedTool[] {
  if (instructions === undefined || instructions === "") return tools;
  return [...tools, { name: INSTRUCTIONS, description: instructions, inputSchema: {} }];
}

/** A tool of that name would be taken for the instructions, and they for it. */
function withoutImpostor(listing: Listing): Listing {
  const tools = listing.tools.filter(({ name }) => name !== INSTRUCTIONS);
  if (tools.length === listing.tools.length) return listing;
  const warnings = [...listing.warnings, `tool "${INSTRUCTIONS}" was left out: the name is taken`];
  return { ...listing, tools, warnings };
}

/** Approved, and the same but for words. */
function standIn(tool: ListedTool, known: readonly Pin[]): ListedTool | undefined {
  const shape = toolShape(tool);
  return known.findLast((pin) => pin.tool !== undefined && toolShape(pin.tool) === shape)?.tool;
}

function asServed(
  listing: Listing,
  served: ReadonlyMap<string, ListedTool>,
  { reviews, trust }: Readonly<{ reviews: readonly ToolReview[]; trust: Judging["trust"] }>,
): Listing {
  const said = served.get(INSTRUCTIONS)?.["description"];
  const tools = listing.tools.flatMap(({ name }) => {
    const tool = served.get(name);
    return tool === undefined ? [] : [trust === "enforce" ? cutDescription(tool) : tool];
  });
  return {
    ...listing,
    tools,
    instructions: typeof said === "string" ? said : undefined,
    warnings: [...listing.warnings, ...warningOf(reviews, trust)],
  };
}

function cutDescription(tool: ListedTool): ListedTool {
  const description = tool["description"];
  if (typeof description !== "string" || description.length <= MAX_DESCRIPTION) return tool;
  return { ...tool, description: `${description.slice(0, MAX_DESCRIPTION)}…` };
}

/** Without names: everybody who knows the backend reads it, and what is hidden is unknown. */
function warningOf(reviews: readonly ToolReview[], trust: Judging["trust"]): readonly string[] {
  const { length } = reviews.filter(({ refused }) => !refused);
  if (length === 0) return [];
  const verb = trust === "enforce" ? "wait for approval" : "differ from what was approved";
  return [`tools that ${verb}: ${length}`];
}

/** Which approved tool that is gone is this one under another name. */
function createRenames(
  { pins }: TrustBook,
  subjects: readonly Subject[],
): (tool: ListedTool) => string | undefined {
  const there = new Set(subjects.map(({ tool }) => tool.name));
  let gone: Map<string, string> | undefined;
  return (tool) => {
    gone ??= new Map(
      pins.flatMap(({ name, tool: before }) =>
        before === undefined || there.has(name) ? [] : [[toolButForName(before), name] as const],
      ),
    );
    return gone.size === 0 ? undefined : gone.get(toolButForName(tool));
  };
}

function groupByName(pins: readonly Pin[]): ReadonlyMap<string, readonly Pin[]> {
  return Map.groupBy(pins, ({ name }) => name);
}

function isNotIn(subjects: readonly Subject[]): (review: ToolReview) => boolean {
  const there = new Set(subjects.map(({ tool, hash }) => keyOf({ name: tool.name, hash })));
  return (review) => !there.has(keyOf(review));
}

function keyOf({ name, hash }: Readonly<{ name: string; hash: string }>): string {
  return `${hash} ${name}`;
}
