import { resolveSchema, type Components } from "../pages/schema-text.ts";
import { choicesOf, kindOf, withoutNull } from "../pages/argument-field.ts";
import { parseExactly } from "../core/exact-numbers.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** More arguments than this are written as JSON. */
const MAX_FIELDS = 100;

/** One argument, as the form asks for it. */
export type TryField = Readonly<{
  name: string;
  schema: unknown;
  /** Without references, and without null where there is another type. */
  resolved: JsonObject;
  isRequired: boolean;
}>;

export type TryFields = Readonly<{
  fields: readonly TryField[];
  components: Components;
  /** Arguments that have no field. */
  left: number;
}>;

/** What somebody typed: the arguments, or what is wrong with which field. */
export type TryArguments =
  | Readonly<{ kind: "arguments"; value: JsonObject }>
  | Readonly<{ kind: "problems"; problems: ReadonlyMap<string, string> }>;

/** Where the problem of the JSON stands: no argument has an empty name in a form. */
export const JSON_FIELD = "";

/** Of an input schema as a backend wrote it: its references lead into itself. */
export function tryFields(schema: JsonObject): TryFields {
  const components: Components = Object.fromEntries(
    ["$defs", "definitions"].flatMap((key) => {
      const defined = schema[key];
      if (!isJsonObject(defined)) return [];
      return Object.entries(defined).map(([name, one]) => [`#/${key}/${name}`, one]);
    }),
  );
  const { properties, required } = schema;
  const named = isJsonObject(properties) ? Object.entries(properties) : [];
  const must = new Set(Array.isArray(required) ? required : []);
  const fields = named.slice(0, MAX_FIELDS).map(([name, part]) => ({
    name,
    schema: part,
    resolved: withoutNull(resolveSchema(part, components), components),
    isRequired: must.has(name),
  }));
  return { fields, components, left: named.length - fields.length };
}

export function fieldName({ name }: Pick<TryField, "name">): string {
  return `arg.${name}`;
}

/** An empty field is left out; numbers keep their digits, whatever a double makes of them. */
export function readTryFields({ fields }: TryFields, form: URLSearchParams): TryArguments {
  const problems = new Map<string, string>();
  const parts: string[] = [];
  for (const field of fields) {
    const typed = form.get(fieldName(field)) ?? "";
    const text = typed === "" ? undefined : toJson(typed, field);
    if (text !== undefined) parts.push(`${JSON.stringify(field.name)}:${text}`);
    else if (typed !== "") problems.set(field.name, problemOf(field));
    else if (field.isRequired) problems.set(field.name, "This is needed");
  }
  if (problems.size > 0) return { kind: "problems", problems };
  return readTryJson(`{${parts.join(",")}}`);
}

/** All arguments as one text. */
export function readTryJson(text: string): TryArguments {
  const written = text.trim() === "" ? "{}" : text;
  let value: unknown;
  try {
    value = parseExactly(written) ?? JSON.parse(written);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it is not JSON";
    return { kind: "problems", problems: new Map([[JSON_FIELD, `This is not JSON: ${reason}`]]) };
  }
  if (isJsonObject(value)) return { kind: "arguments", value };
  return { kind: "problems", problems: new Map([[JSON_FIELD, "Wanted is an object: { … }"]]) };
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Undefined for what the argument cannot be. */
function toJson(typed: string, { resolved }: TryField): string | undefined {
  const trimmed = typed.trim();
  if (choicesOf(resolved) !== undefined) return isJson(trimmed) ? trimmed : undefined;
  // A browser ends the lines of a text with two characters.
  const text = JSON.stringify(typed.replaceAll("\r\n", "\n"));
  const kind = kindOf(resolved);
  if (kind === "string") return text;
  if (kind === "number") return JSON_NUMBER.test(trimmed) ? trimmed : undefined;
  if (isJson(trimmed)) return trimmed;
  return kind === "any" ? text : undefined;
}

function problemOf({ resolved }: TryField): string {
  if (choicesOf(resolved) !== undefined) return "This is none of the choices";
  return kindOf(resolved) === "number" ? "This is not a number" : "This is not JSON";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
