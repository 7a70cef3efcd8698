import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Components, resolveSchema, valueText } from "./schema-text.ts";
import { plain } from "./stranger-text.ts";

/** How what is typed for an argument is read, besides choices. */
export type ArgumentKind = "string" | "number" | "json" | "any";

/** More are written as JSON. */
const MAX_CHOICES = 200;
const MAX_HINT = 80;

/** The values a schema allows one by one; undefined where there are none, or too many. */
export function choicesOf(schema: JsonObject): readonly unknown[] | undefined {
  const { enum: values, anyOf, oneOf, type } = schema;
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(values)) return values.length <= MAX_CHOICES ? values : undefined;
  if (type === "boolean") return [true, false];
  const either: unknown = oneOf ?? anyOf;
  // Values with a title each (JSON Schema 2020-12, section 9.1) are written as alternatives.
  if (!Array.isArray(either) || either.length > MAX_CHOICES) return undefined;
  const constants = either.flatMap((one: unknown) =>
    isJsonObject(one) && "const" in one ? [one["const"]] : [],
  );
  return constants.length > 0 && constants.length === either.length ? constants : undefined;
}

export function kindOf({ type, properties }: JsonObject): ArgumentKind {
  if (type === "string") return "string";
  if (type === "number" || type === "integer") return "number";
  return type === "object" || type === "array" || properties !== undefined ? "json" : "any";
}

/** Null is left out of a field: whoever means it writes the arguments as JSON. */
export function withoutNull(schema: JsonObject, components: Components): JsonObject {
  const { type, anyOf, oneOf } = schema;
  if (Array.isArray(type)) {
    const [only, ...more] = type.filter((one) => one !== "null");
    return more.length === 0 && only !== undefined ? { ...schema, type: only } : schema;
  }
  const either: unknown = anyOf ?? oneOf;
  if (!Array.isArray(either)) return schema;
  const [only, ...more] = either.filter(
    (one: unknown) => !isJsonObject(one) || one["type"] !== "null",
  );
  return more.length === 0 ? { ...schema, ...resolveSchema(only, components) } : schema;
}

export function hintOf({ examples, example, default: fallback, type }: JsonObject): string {
  const first: unknown = Array.isArray(examples) ? examples[0] : example;
  if (first !== undefined) return `e.g. ${shortText(first)}`;
  if (fallback !== undefined) return `default ${shortText(fallback)}`;
  if (type === "array") return "[ ]";
  return type === "object" ? "{ }" : "";
}

/** What a choice is called. */
export function choiceText(value: unknown): string {
  return plain(typeof value === "string" && value !== "" ? value : JSON.stringify(value)).slice(
    0,
    MAX_HINT,
  );
}

/** The beginning of a value, for a place where there is little room. */
export function shortText(value: unknown, quoted = false): string {
  const text = typeof value === "string" && !quoted ? value : valueText(value);
  return text.length > MAX_HINT ? `${text.slice(0, MAX_HINT)}…` : text;
}
