import { componentOf } from "../catalog/component-reference.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** The schemas of a document that others refer to, by name. */
export type Components = JsonObject;

/** Deeper or wider, a type is not read but looked up in the document. */
const MAX_DEPTH = 3;
const MAX_PARTS = 6;
const MAX_VALUES = 12;
const MAX_TEXT = 400;
/** References that lead to references. */
const MAX_HOPS = 8;

/** The schema that is meant; a reference that leads nowhere allows anything. */
export function resolveSchema(schema: unknown, components: Components): JsonObject {
  let current = schema;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const target = isJsonObject(current) ? current["$ref"] : undefined;
    if (typeof target !== "string") return isJsonObject(current) ? current : {};
    const named = components[componentOf(target) ?? target];
    // What stands beside a reference is said of this use of it.
    current = { ...(isJsonObject(named) ? named : {}), ...without(current, "$ref") };
  }
  return {};
}

/** A schema as a type in the notation of TypeScript, bounded: `{ name: string, tags?: string[] }`. */
export function typeText(schema: unknown, components: Components): string {
  const text = describe(schema, components, 0);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** What else a value must be, in a few words each. */
export function limitsOf(schema: JsonObject): readonly string[] {
  return LIMITS.flatMap(([key, say]) => {
    const value = schema[key];
    const isSaid = typeof value === "number" || (typeof value === "string" && value !== "");
    return isSaid ? [say(String(value).slice(0, MAX_TEXT))] : [];
  });
}

const LIMITS: readonly (readonly [string, (value: string) => string])[] = [
  ["minimum", (value) => `at least ${value}`],
  ["exclusiveMinimum", (value) => `more than ${value}`],
  ["maximum", (value) => `at most ${value}`],
  ["exclusiveMaximum", (value) => `less than ${value}`],
  ["multipleOf", (value) => `a multiple of ${value}`],
  ["minLength", (value) => `at least ${value} characters`],
  ["maxLength", (value) => `at most ${value} characters`],
  ["minItems", (value) => `at least ${value} items`],
  ["maxItems", (value) => `at most ${value} items`],
  ["format", (value) => `format ${value}`],
  ["pattern", (value) => `matches ${value}`],
];

function describe(schema: unknown, components: Components, depth: number): string {
  if (schema === false) return "never";
  if (!isJsonObject(schema)) return "any";
  const { $ref } = schema;
  if (typeof $ref === "string" && depth >= MAX_DEPTH) return componentOf($ref) ?? "any";
  const resolved = resolveSchema(schema, components);
  const inner = (part: unknown): string => describe(part, components, depth + 1);
  const { enum: values, anyOf, oneOf, allOf, type } = resolved;
  if ("const" in resolved) return valueText(resolved["const"]);
  if (Array.isArray(values)) return unite(values.slice(0, MAX_VALUES).map(valueText), values);
  const either = anyOf ?? oneOf;
  if (Array.isArray(either) && depth < MAX_DEPTH) {
    return unite(either.slice(0, MAX_PARTS).map(inner), either.slice(0, MAX_VALUES));
  }
  if (Array.isArray(allOf) && depth < MAX_DEPTH && type === undefined) {
    return allOf.slice(0, MAX_PARTS).map(inner).join(" & ");
  }
  if (Array.isArray(type)) return unite(type.filter(isText), type);
  if (type === "array") return listText(resolved, depth, inner);
  if (type === "object" || "properties" in resolved) return objectText(resolved, depth, inner);
  return typeof type === "string" ? type : "any";
}

type Inner = (part: unknown) => string;

function listText({ items, prefixItems }: JsonObject, depth: number, inner: Inner): string {
  if (depth >= MAX_DEPTH) return "any[]";
  if (Array.isArray(prefixItems))
    return `[${prefixItems.slice(0, MAX_PARTS).map(inner).join(", ")}]`;
  const item = inner(items);
  return / [|&] /.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
}

function objectText(schema: JsonObject, depth: number, inner: Inner): string {
  const { properties, required, additionalProperties } = schema;
  if (depth >= MAX_DEPTH) return "object";
  const named = isJsonObject(properties) ? Object.entries(properties) : [];
  if (named.length === 0) {
    return isJsonObject(additionalProperties)
      ? `{ [name]: ${inner(additionalProperties)} }`
      : "object";
  }
  const must = new Set(Array.isArray(required) ? required : []);
  const parts = named
    .slice(0, MAX_PARTS)
    .map(
      ([name, part]) => `${name.slice(0, MAX_TEXT)}${must.has(name) ? "" : "?"}: ${inner(part)}`,
    );
  if (named.length > MAX_PARTS) parts.push("…");
  return `{ ${parts.join(", ")} }`;
}

function unite(parts: readonly string[], all: readonly unknown[]): string {
  const different = [...new Set(parts)];
  if (all.length > parts.length) different.push("…");
  return different.join(" | ");
}

/** Of what is written out only to be cut: references may lead to one value thousands of times. */
const texts = new WeakMap<object, string>();

/** The beginning of a value as JSON. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return cutText(JSON.stringify(value.slice(0, MAX_TEXT)));
  if (typeof value !== "object" || value === null) return cutText(JSON.stringify(value) ?? "any");
  const text = texts.get(value) ?? cutText(JSON.stringify(value));
  texts.set(value, text);
  return text;
}

function cutText(text: string): string {
  return text.length > MAX_TEXT / 4 ? `${text.slice(0, MAX_TEXT / 4)}…` : text;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function without(schema: unknown, left: string): JsonObject {
  const entries = isJsonObject(schema) ? Object.entries(schema) : [];
  return Object.fromEntries(entries.filter(([key]) => key !== left));
}
