import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** Which schemas a provider takes as they are. */
export type SchemaRules = Readonly<{
  never: readonly string[];
  neverAtRoot: readonly string[];
  /** A list of types is refused. */
  oneType: boolean;
  /** Schemas that are `true` or `{}` are refused where they stand for further keys or items. */
  onlyKnown: boolean;
}>;

/** Deeper ones are brought into the conservative dialect, which has an end. */
const MAX_DEPTH = 32;
const NAMED = ["properties", "$defs", "definitions", "patternProperties"];
const LISTED = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SINGLE = ["not", "if", "then", "else", "contains", "propertyNames"];

/** Every provider wants an object with properties at the root. */
export function isTaken(schema: JsonObject, rules: SchemaRules): boolean {
  const isRoot = schema["type"] === "object" && isJsonObject(schema["properties"]);
  if (!isRoot || rules.neverAtRoot.some((key) => schema[key] !== undefined)) return false;
  return isTakenInside(schema, rules, 0);
}

function isTakenInside(schema: JsonValue, rules: SchemaRules, depth: number): boolean {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return false;
  const { type, items, additionalProperties: further } = schema;
  if (rules.never.some((key) => schema[key] !== undefined)) return false;
  if (rules.oneType && Array.isArray(type)) return false;
  const isArray = type === "array" || (Array.isArray(type) && type.includes("array"));
  if ((isArray || items !== undefined) && !isJsonObject(items)) return false;
  if (isJsonObject(further) && rules.onlyKnown && Object.keys(further).length === 0) return false;
  return childrenOf(schema).every((child) => isTakenInside(child, rules, depth + 1));
}

function childrenOf(schema: JsonObject): readonly JsonValue[] {
  const { items, additionalProperties: further } = schema;
  return [
    ...NAMED.flatMap((key) => Object.values(objectOf(schema[key]))),
    ...LISTED.flatMap((key) => {
      const list = schema[key];
      return Array.isArray(list) ? list : [];
    }),
    ...SINGLE.map((key) => schema[key]),
    items,
    isJsonObject(further) ? further : undefined,
  ].filter((child) => child !== undefined);
}

/** Without these keywords, wherever a schema stands; a property of such a name stays. */
export function withoutKeywords(schema: JsonObject, keywords: readonly string[]): JsonObject {
  const kept = Object.entries(schema)
    .filter(([key]) => !keywords.includes(key))
    .map(([key, value]) => [key, insideOf(key, value, keywords)]);
  return Object.fromEntries(kept);
}

function insideOf(
  key: string,
  value: JsonValue | undefined,
  keywords: readonly string[],
): JsonValue | undefined {
  const inside = (child: JsonValue | undefined): JsonValue | undefined =>
    isJsonObject(child) ? withoutKeywords(child, keywords) : child;
  if (NAMED.includes(key) && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, inside(child)]));
  }
  if (LISTED.includes(key) && Array.isArray(value)) {
    return value.map((child) => inside(child) ?? null);
  }
  const isSchema = SINGLE.includes(key) || key === "items" || key === "additionalProperties";
  return isSchema ? inside(value) : value;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
