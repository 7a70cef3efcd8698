import type { JsonObject, JsonValue } from "../core/json.ts";

/**
 * Real schemas stay below a dozen levels. Writing JSON recurses, so an entry that is nested without
 * end would take the whole list with it (MCP 2026-07-28, server/tools: bound the depth of schemas).
 */
const MAX_DEPTH = 128;
/** One entry of one list; Claude drops tools whose schema is over 16 KiB. */
const MAX_ENTRY_CHARS = 1024 * 1024;

/**
 * Why an entry of a listing is too much to be kept, or undefined. A `$ref` is a word like any other
 * here and everywhere in the gateway: nothing is ever fetched to resolve one.
 */
export function entryProblem(entry: JsonObject): string | undefined {
  if (isDeeperThan(entry, MAX_DEPTH)) return `it is nested deeper than ${MAX_DEPTH} levels`;
  if (JSON.stringify(entry).length > MAX_ENTRY_CHARS) {
    return `it is larger than ${MAX_ENTRY_CHARS / 1024} KiB`;
  }
  return undefined;
}

/** Level by level, because recursing into it is what has to be avoided. */
function isDeeperThan(root: JsonObject, limit: number): boolean {
  let level: JsonValue[] = [root];
  for (let depth = 0; depth < limit; depth += 1) {
    level = level.flatMap(childrenOf);
    if (level.length === 0) return false;
  }
  return true;
}

function childrenOf(value: JsonValue): JsonValue[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).filter(
    (child): child is JsonValue => typeof child === "object" && child !== null,
  );
}
