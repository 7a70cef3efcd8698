import type { JsonObject } from "../core/json.ts";
import { publishArguments } from "./arguments-schema.ts";

const known = new WeakMap<JsonObject, readonly string[]>();

/**
 * What of an inputSchema documents for REST clients leave out, because nobody could read it. The
 * tool is there all the same, and its backend checks what it is sent.
 */
export function schemaWarnings(inputSchema: JsonObject): readonly string[] {
  const held = known.get(inputSchema);
  if (held !== undefined) return held;
  const { warnings } = publishArguments(inputSchema, { prefix: "tool", taken: new Set() });
  known.set(inputSchema, warnings);
  return warnings;
}
