import { sha256Hex } from "../core/digest.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { ListedTool } from "./listing.ts";

/**
 * What a pin covers: all of a definition, because all of it is passed on to callers; `_meta`, icons
 * and keys nobody knows included. Keys are sorted and texts brought to NFC, so that only what means
 * something else is something else. The depth of an entry is bounded when it is collected.
 */
export function canonicalTool(tool: JsonObject): string {
  return JSON.stringify(canonical(tool));
}

export function toolHash(tool: JsonObject): Promise<string> {
  return sha256Hex(canonicalTool(tool));
}

/** The same without the words in it: two tools of equal shape take and give the same. */
export function toolShape(tool: ListedTool): string {
  const { title: _title, description: _description, inputSchema, outputSchema, ...rest } = tool;
  return canonicalTool({
    ...rest,
    inputSchema: withoutWords(inputSchema),
    ...(outputSchema === undefined ? {} : { outputSchema: withoutWords(outputSchema) }),
  });
}

/** Two names of one tool: the same but for what it is called. */
export function toolButForName({ name: _name, ...rest }: ListedTool): string {
  return canonicalTool(rest);
}

function canonical(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.normalize("NFC");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return ["[", ...value.map((item: JsonValue) => canonical(item))];
  // Pairs, and not an object again: there numbers would come first, whatever is sorted.
  const pairs = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, item]): JsonValue[] => (item === undefined ? [] : [key, canonical(item)]));
  return ["{", ...pairs];
}

const WORDS: ReadonlySet<string> = new Set(["title", "description", "$comment"]);
/** These hold schemas by names, and a property may well be called "description". */
const BY_NAME: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "$defs",
  "definitions",
]);
/** Values, not schemas: a word in them is part of what is sent. */
const VALUES: ReadonlySet<string> = new Set(["default", "const", "enum", "examples"]);

function withoutWords(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map((item: JsonValue) => withoutWords(item));
  if (!isJsonObject(schema)) return schema;
  const kept = Object.entries(schema).flatMap(([key, value]): [string, JsonValue][] => {
    if (value === undefined) return [];
    if (WORDS.has(key) && typeof value === "string") return [];
    if (VALUES.has(key)) return [[key, value]];
    if (!BY_NAME.has(key) || !isJsonObject(value)) return [[key, withoutWords(value)]];
    const named = Object.entries(value).map(([name, one]) => [name, withoutWords(one ?? null)]);
    return [[key, Object.fromEntries(named)]];
  });
  return Object.fromEntries(kept);
}
