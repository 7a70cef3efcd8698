import { isJsonObject, type JsonValue } from "../core/json.ts";

/** Values as messages and bodies of errors repeat them: enough to be recognised, never all of it. */

const MAX_SHOWN = 80;
/** As JSON. */
const MAX_INPUT = 500;
/** Enough to choose from; all of them are in the document. */
const MAX_ALLOWED = 30;
const MAX_ALLOWED_TEXT = 600;

export function shown(value: JsonValue): string {
  if (Array.isArray(value)) return "a list";
  if (isJsonObject(value)) return "an object";
  return cut(JSON.stringify(value));
}

export function bounded(input: JsonValue): JsonValue {
  const text = JSON.stringify(input);
  return text.length > MAX_INPUT ? `${text.slice(0, MAX_INPUT)}…` : input;
}

export function allowed(values: readonly JsonValue[]): string {
  const names: string[] = [];
  let left = MAX_ALLOWED_TEXT;
  for (const value of values.slice(0, MAX_ALLOWED)) {
    if (left < 0) break;
    const name = literalOf(value);
    names.push(name);
    left -= name.length;
  }
  const more = values.length - names.length;
  return orList(more > 0 ? [...names, `one of ${more} more`] : names);
}

export function orList(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? "nothing";
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

export function counted(count: JsonValue, noun: string): string {
  return `${shown(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Python's way with texts: these words are in mcpo's answers too. */
function literalOf(value: JsonValue): string {
  return typeof value === "string" && !value.includes("'") ? `'${cut(value)}'` : shown(value);
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
