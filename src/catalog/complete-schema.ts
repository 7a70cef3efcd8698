import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { SchemaPlace } from "./schema-places.ts";

/**
 * What readers of a schema need and the rules do not ask for. `loose`: something inside accepts more
 * than it was meant to.
 */
export function completeSchema(
  schema: JsonObject,
  { kind, loose }: Readonly<{ kind: SchemaPlace["kind"]; loose: boolean }>,
): JsonObject {
  const whole = loose ? withoutExclusion(schema) : schema;
  // Elsewhere (`not`, `if`) the exact meaning counts more than what a reader makes of it.
  const implied = kind === "followed" ? impliedType(whole) : undefined;
  const typed = implied === undefined ? whole : { ...whole, type: implied };
  const types = typesIn(typed);
  // OpenAI refuses a list that says nothing of its items.
  if (types.includes("array") && typed["items"] === undefined) return { ...typed, items: {} };
  const isBare =
    types.includes("object") && kind === "followed" && !MEMBERS.some((key) => isSaid(typed[key]));
  // Generators of types take an object that says nothing of its members for one without any.
  return isBare ? { ...typed, additionalProperties: true } : typed;
}

/** Any of these says what an object may have in it. */
const MEMBERS = [
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "$ref",
  "allOf",
  "anyOf",
  "oneOf",
  "enum",
  "const",
];

function isSaid(value: JsonValue | undefined): boolean {
  return value !== undefined && !(isJsonObject(value) && Object.keys(value).length === 0);
}

/** Where one alternative is wider than it was, two may fit what only one did. */
function withoutExclusion(schema: JsonObject): JsonObject {
  const { oneOf, ...rest } = schema;
  return oneOf === undefined || rest["anyOf"] !== undefined ? schema : { ...rest, anyOf: oneOf };
}

/** Open WebUI takes a schema that names no type for one of text. */
function impliedType(schema: JsonObject): JsonValue | undefined {
  if (schema["type"] !== undefined || schema["$ref"] !== undefined) return undefined;
  const { oneOf, allOf, properties, additionalProperties, items, prefixItems } = schema;
  if (Array.isArray(oneOf)) {
    const each = oneOf.map(typesIn);
    return each.some((types) => types.length === 0) ? undefined : oneOrAll(new Set(each.flat()));
  }
  const [first] = Array.isArray(allOf) ? allOf.map(typesIn).filter(({ length }) => length > 0) : [];
  if (first !== undefined) return oneOrAll(new Set(first));
  // What says how its members look is that: nobody means "or a text of any kind".
  if (isJsonObject(properties) || isJsonObject(additionalProperties)) return "object";
  return isJsonObject(items) || prefixItems !== undefined ? "array" : undefined;
}

function typesIn(schema: JsonValue): readonly string[] {
  const type = isJsonObject(schema) ? schema["type"] : undefined;
  if (typeof type === "string") return [type];
  return Array.isArray(type) ? type.filter((name) => typeof name === "string") : [];
}

function oneOrAll(types: ReadonlySet<string>): JsonValue | undefined {
  const [only] = types;
  return types.size === 1 ? only : [...types];
}
