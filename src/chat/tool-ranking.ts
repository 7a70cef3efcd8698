import { isJsonObject } from "../core/json.ts";
import { descriptionOf } from "./functions.ts";
import { compareText, type NamedTool } from "./tool-names.ts";

export type ToolIndex = Readonly<{
  /** At most `limit`, best first, and how many match at all. */
  search: (
    query: string,
    limit: number,
  ) => Readonly<{ tools: readonly NamedTool[]; total: number }>;
}>;

/** Where a word stands says how much of the tool it is. */
const WEIGHTS = { name: 8, title: 6, backend: 5, description: 3, parameter: 2 } as const;
/** Above every sum of words. */
const EXACT_NAME = 1_000;
/** A word that goes on after what was asked for, and one that only begins alike. */
const BEGINS = 0.7;
const ALIKE = 0.5;

/** Of one text; what a tool does is said at its beginning. */
const MAX_TEXT = 2_000;
const MAX_PARAMETERS = 40;
const MAX_QUERY = 400;
const MAX_QUERY_WORDS = 24;

/** They stand in every sentence and say nothing about a tool. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  "a all an and any are by can could do does for from how i in is it its me my of on or please the this that to tool tools what which with you".split(
    " ",
  ),
);

/** The tools that have a word, by their places in the list, each with its best weight. */
type Postings = { readonly places: number[]; readonly weights: number[] };

/** Built once for many searches: with thousands of tools each is a look at the words asked for. */
export function indexTools(tools: readonly NamedTool[]): ToolIndex {
  const words = new Map<string, Postings>();
  for (const [place, tool] of tools.entries()) addTool(words, place, tool);
  const vocabulary = [...words.keys()].toSorted(compareText);
  const exact = exactNames(tools);
  return {
    search(query, limit) {
      const asked = query.slice(0, MAX_QUERY);
      const scores = scoreWords(asked, { words, vocabulary, count: tools.length });
      for (const place of exact.get(plain(asked)) ?? []) {
        scores.set(place, (scores.get(place) ?? 0) + EXACT_NAME);
      }
      if (scores.size === 0) addContaining(scores, asked, tools);
      const ranked = [...scores]
        .flatMap(([place, score]) => {
          const tool = tools[place];
          return tool === undefined ? [] : [{ tool, score }];
        })
        .toSorted((a, b) => b.score - a.score || compareNames(a.tool, b.tool));
      return { tools: ranked.slice(0, limit).map(({ tool }) => tool), total: ranked.length };
    },
  };
}

function addTool(words: Map<string, Postings>, place: number, named: NamedTool): void {
  const { tool, backend, ownName } = named.visible;
  const { properties } = tool.inputSchema;
  const parameters = isJsonObject(properties) ? Object.keys(properties) : [];
  const { title } = tool;
  // The weightiest first: a word counts where it is met first.
  const texts: readonly (readonly [string, number])[] = [
    [ownName, WEIGHTS.name],
    [typeof title === "string" ? title : "", WEIGHTS.title],
    [backend, WEIGHTS.backend],
    [descriptionOf(tool), WEIGHTS.description],
    [parameters.slice(0, MAX_PARAMETERS).join(" "), WEIGHTS.parameter],
  ];
  for (const [text, weight] of texts) {
    for (const word of wordsOf(text)) {
      const postings = words.get(word) ?? { places: [], weights: [] };
      if (postings.places.length === 0) words.set(word, postings);
      else if (postings.places.at(-1) === place) continue;
      postings.places.push(place);
      postings.weights.push(weight);
    }
  }
}

type Words = Readonly<{
  words: ReadonlyMap<string, Postings>;
  vocabulary: readonly string[];
  count: number;
}>;

/** A word that few tools have says more; a tool with more of the words asked for comes first. */
function scoreWords(query: string, index: Words): Map<number, number> {
  const asked = [...new Set(wordsOf(query))];
  const telling = asked.filter((word) => !EMPTY_WORDS.has(word));
  const used = (telling.length > 0 ? telling : asked).slice(0, MAX_QUERY_WORDS);
  const sums = new Map<number, { score: number; matched: number }>();
  for (const word of used) {
    const matches = matchWord(word, index);
    const rarity = Math.log(1 + index.count / Math.max(1, matches.size));
    for (const [place, weight] of matches) {
      const { score, matched } = sums.get(place) ?? { score: 0, matched: 0 };
      sums.set(place, { score: score + weight * rarity, matched: matched + 1 });
    }
  }
  return new Map(
    [...sums].map(([place, { score, matched }]) => [place, (score * matched) / used.length]),
  );
}

/** Without the grammar of any language: `invoices` and `invoice` begin alike. */
function matchWord(word: string, { words, vocabulary }: Words): ReadonlyMap<number, number> {
  const matches = new Map<number, number>();
  const head = word.length > 4 ? word.slice(0, Math.max(4, word.length - 3)) : word;
  for (let next = firstFrom(vocabulary, head); next < vocabulary.length; next += 1) {
    const known = vocabulary[next] ?? "";
    if (!known.startsWith(head)) break;
    const factor = likeness(word, known, head.length);
    if (factor === 0) continue;
    const { places, weights } = words.get(known) ?? { places: [], weights: [] };
    for (const [at, place] of places.entries()) {
      const weight = (weights[at] ?? 0) * factor;
      matches.set(place, Math.max(matches.get(place) ?? 0, weight));
    }
  }
  return matches;
}

function likeness(asked: string, known: string, head: number): number {
  if (known === asked) return 1;
  if (asked.length > 2 && known.startsWith(asked)) return BEGINS;
  return asked.length > 4 && known.length <= head + 4 ? ALIKE : 0;
}

function firstFrom(sorted: readonly string[], head: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(sorted[middle] ?? "", head) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The spellings that mean just this tool, without regard to case and separators. */
function exactNames(tools: readonly NamedTool[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { name, visible }] of tools.entries()) {
    const { ownName, backend } = visible;
    for (const spelling of new Set([name, ownName, `${backend}${ownName}`].map(plain))) {
      const known = places.get(spelling) ?? [];
      places.set(spelling, known);
      known.push(place);
    }
  }
  return places;
}

/** For scripts without spaces between words, and for the middle of a word. */
function addContaining(
  scores: Map<number, number>,
  query: string,
  tools: readonly NamedTool[],
): void {
  const asked = wordsOf(query).filter((word) => word.length > 1 && !EMPTY_WORDS.has(word));
  if (asked.length === 0) return;
  for (const [place, { name, visible }] of tools.entries()) {
    const text = folded(`${name} ${descriptionOf(visible.tool).slice(0, MAX_TEXT)}`);
    const found = asked.filter((word) => text.includes(word)).length;
    if (found > 0) scores.set(place, found);
  }
}

/** Of equal tools the plainer one: `get_document` before `get_document_history`. */
function compareNames(a: NamedTool, b: NamedTool): number {
  return a.name.length - b.name.length || compareText(a.name, b.name);
}

/** `getInvoice_PDF` is get, invoice, pdf. */
function wordsOf(text: string): readonly string[] {
  const parted = text.slice(0, MAX_TEXT).replaceAll(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, " ");
  return folded(parted).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Lower case without accents, so that `Überfällig` is found by those who cannot type it. */
function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
}

function plain(text: string): string {
  return wordsOf(text).join("");
}
