import { entryProblem } from "../catalog/entry-bounds.ts";
import type {
  ListedPrompt,
  ListedResource,
  ListedTemplate,
  ListedTool,
  Listing,
} from "../catalog/listing.ts";
import { findParamMarks } from "../core/param-marks.ts";
import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { type Answer, RPC_CODES } from "../core/json-rpc.ts";
import { redactText } from "../core/redact.ts";

/** As the SDK's `listMaxPages`: a list of more pages is a cursor going in circles. */
const MAX_PAGES = 64;
/** Clients cut far below (Claude at 256 tools); this keeps an isolate from filling up. */
const MAX_ENTRIES = 5_000;
/** All kinds together; a listing is kept in the memory of every isolate. */
const MAX_LISTING_BYTES = 8 * 1024 * 1024;
const MAX_WARNINGS = 50;
const MAX_WARNING_LENGTH = 300;

export type Introduction = Readonly<{
  serverInfo: JsonObject;
  capabilities: JsonObject;
  instructions?: string | undefined;
}>;

export type Collected = Readonly<{
  listing: Listing;
  /** How long the backend says its lists are good for; the shortest of them. */
  ttlMs: number | undefined;
}>;

type Ask = (method: string, params: JsonObject) => Promise<Answer>;

type Progress = { bytes: number; ttlMs: number | undefined; readonly warn: (text: string) => void };

/**
 * Every page of every list the backend advertises, entries as they came. One malformed entry or
 * one refused list costs itself and a warning, never the backend; but a tool list that could not
 * be fetched throws, so that an outage is not remembered as "no tools".
 */
export async function collectListing(introduction: Introduction, ask: Ask): Promise<Collected> {
  const warnings: string[] = [];
  const progress: Progress = {
    bytes: 0,
    ttlMs: undefined,
    warn: (text) => {
      if (warnings.length < MAX_WARNINGS) warnings.push(redactText(text, MAX_WARNING_LENGTH));
    },
  };
  const { capabilities, serverInfo, instructions } = introduction;
  const has = (capability: string): boolean => isJsonObject(capabilities[capability]);
  const collect = <Entry>(list: List<Entry>): Promise<readonly Entry[]> =>
    has(list.capability) ? collectPages(list, ask, progress) : Promise.resolve([]);
  // One after another: a backend that allows two requests at a time is still listed.
  const tools = await collect(TOOLS);
  const prompts = await collect(PROMPTS);
  const resources = await collect(RESOURCES);
  const resourceTemplates = await collect(TEMPLATES);
  const content = {
    serverInfo,
    instructions,
    capabilities,
    tools,
    prompts,
    resources,
    resourceTemplates,
    warnings,
  };
  return { listing: { hash: await listingHash(content), ...content }, ttlMs: progress.ttlMs };
}

export async function listingHash(content: Omit<Listing, "hash">): Promise<string> {
  return (await sha256Hex(JSON.stringify(content))).slice(0, 16);
}

type List<Entry> = Readonly<{
  method: string;
  capability: string;
  member: string;
  kind: string;
  key: "name" | "uri" | "uriTemplate";
  isEntry: (value: JsonObject) => value is JsonObject & Entry;
  /** Why an entry that is one cannot be offered. */
  problemOf?: (entry: Entry) => string | undefined;
  /** Without it the backend counts as not listed at all. */
  required: boolean;
}>;

const TOOLS: List<ListedTool> = {
  method: "tools/list",
  capability: "tools",
  member: "tools",
  kind: "tool",
  key: "name",
  isEntry: (value): value is ListedTool =>
    isName(value["name"]) && isJsonObject(value["inputSchema"]),
  // A client of 2026-07-28 must refuse such a tool, and a header of its choosing is not for us to send.
  problemOf: ({ inputSchema }) => findParamMarks(inputSchema).problem,
  required: true,
};
const PROMPTS: List<ListedPrompt> = {
  method: "prompts/list",
  capability: "prompts",
  member: "prompts",
  kind: "prompt",
  key: "name",
  isEntry: (value): value is ListedPrompt => isName(value["name"]),
  required: false,
};
const RESOURCES: List<ListedResource> = {
  method: "resources/list",
  capability: "resources",
  member: "resources",
  kind: "resource",
  key: "uri",
  isEntry: (value): value is ListedResource => isName(value["uri"]),
  required: false,
};
const TEMPLATES: List<ListedTemplate> = {
  method: "resources/templates/list",
  capability: "resources",
  member: "resourceTemplates",
  kind: "resource template",
  key: "uriTemplate",
  isEntry: (value): value is ListedTemplate => isName(value["uriTemplate"]),
  required: false,
};

async function collectPages<Entry>(
  list: List<Entry>,
  ask: Ask,
  progress: Progress,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const seen = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const result = await askPage(list, cursor, ask, progress);
    if (result === undefined) return entries;
    const values = result[list.member];
    if (!Array.isArray(values)) {
      progress.warn(`${list.method} was answered without a list`);
      return entries;
    }
    for (const value of values as readonly JsonValue[]) {
      const entry = acceptEntry(list, value, { seen, warn: progress.warn });
      if (entry === undefined) continue;
      if (entries.length >= MAX_ENTRIES) {
        progress.warn(`${list.method} was cut: it has more than ${MAX_ENTRIES} entries`);
        return entries;
      }
      entries.push(entry);
    }
    const next = result["nextCursor"];
    if (typeof next !== "string") return entries;
    const problem = tooMuch(progress.bytes, cursors.has(next));
    if (problem !== undefined) {
      progress.warn(`${list.method} was cut: ${problem}`);
      return entries;
    }
    cursors.add(next);
    cursor = next;
  }
  progress.warn(`${list.method} was cut: it has more than ${MAX_PAGES} pages`);
  return entries;
}

async function askPage(
  list: Pick<List<unknown>, "method" | "required">,
  cursor: string | undefined,
  ask: Ask,
  progress: Progress,
): Promise<JsonObject | undefined> {
  let answer: Answer;
  try {
    answer = await ask(list.method, cursor === undefined ? {} : { cursor });
  } catch (error) {
    if (list.required || !(error instanceof GatewayError)) throw error;
    progress.warn(`${list.method} failed: ${error.message}`);
    return undefined;
  }
  progress.bytes += answer.text.length;
  const message = answer.message();
  if ("error" in message) {
    // Advertised and not there is common, and harmless: there is nothing to list.
    if (message.error.code !== RPC_CODES.methodNotFound) {
      progress.warn(`${list.method} was refused: ${message.error.message}`);
    }
    return undefined;
  }
  const ttlMs = message.result["ttlMs"];
  if (typeof ttlMs === "number" && ttlMs > 0) {
    progress.ttlMs = Math.min(progress.ttlMs ?? ttlMs, ttlMs);
  }
  return message.result;
}

function acceptEntry<Entry>(
  { kind, key, isEntry, problemOf }: List<Entry>,
  value: JsonValue,
  { seen, warn }: { seen: Set<string>; warn: (text: string) => void },
): Entry | undefined {
  const name = isJsonObject(value) ? value[key] : undefined;
  if (!isJsonObject(value) || typeof name !== "string" || name === "") {
    warn(`a ${kind} was left out: it has no ${key}`);
    return undefined;
  }
  if (!isEntry(value)) {
    warn(`${kind} "${name}" was left out: it has no inputSchema object`);
    return undefined;
  }
  const problem = entryProblem(value) ?? problemOf?.(value);
  if (problem !== undefined) {
    warn(`${kind} "${name}" was left out: ${problem}`);
    return undefined;
  }
  if (seen.has(name)) {
    warn(`${kind} "${name}" is listed twice: the first one counts`);
    return undefined;
  }
  seen.add(name);
  return value;
}

function tooMuch(bytes: number, repeated: boolean): string | undefined {
  if (repeated) return "its cursor repeats";
  if (bytes >= MAX_LISTING_BYTES) {
    return `the lists are larger than ${MAX_LISTING_BYTES / 1024 / 1024} MiB`;
  }
  return undefined;
}

function isName(value: JsonValue | undefined): value is string {
  return typeof value === "string" && value !== "";
}
