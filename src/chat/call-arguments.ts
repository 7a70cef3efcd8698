import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { findJsonFault } from "../core/json-fault.ts";

export type CallArguments =
  | Readonly<{ kind: "arguments"; value: JsonObject }>
  | Readonly<{ kind: "fault"; message: string }>;

/** Typed by hand nobody comes near; regular expressions must not be led over megabytes. */
const MAX_PAIRS_TEXT = 64 * 1_024;

/** The arguments of a call as people type them: a JSON object, or `a=1 b="two words"`. */
export function parseCallArguments(text: string, inputSchema: JsonObject): CallArguments {
  if (text === "") return { kind: "arguments", value: {} };
  if (text.startsWith("{") || text.startsWith("[")) return parseJson(text);
  if (text.length > MAX_PAIRS_TEXT) return fault("they are too long: write them as a JSON object");
  return parsePairs(text, inputSchema);
}

function parseJson(text: string): CallArguments {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault(`not valid JSON: ${findJsonFault(text)}`);
  }
  if (!isJsonObject(value)) return fault('they must be a JSON object, for example {"a": 1}');
  return { kind: "arguments", value };
}

const KEY = /\s*(?<key>[^\s="{}[\]]+)=/y;
const QUOTED = /"(?:[^"\\]|\\[^])*"/y;
/** Phones write these instead of straight ones. */
const CURLY = /[“”„](?<inside>[^“”]*)[“”]/y;
const SINGLE = /'(?<inside>[^']*)'/y;
const BARE = /\S*/y;

function parsePairs(text: string, inputSchema: JsonObject): CallArguments {
  const { properties } = inputSchema;
  const pairs: [string, JsonValue][] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    const key = matchAt(KEY, text, at);
    if (key === undefined) {
      return fault(`expected name=value at position ${at + leadingSpace(text, at) + 1}`);
    }
    const name = key.groups?.["key"] ?? "";
    const schema =
      isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    at += key[0].length;
    const value = readValue(text, at, isJsonObject(schema) ? schema["type"] : undefined);
    if (value.kind === "fault")
      return fault(`the value of "${name}" is not valid: ${value.message}`);
    pairs.push([name, value.value]);
    at = value.end;
  }
  return { kind: "arguments", value: Object.fromEntries(pairs) };
}

type ReadValue =
  | Readonly<{ kind: "value"; value: JsonValue; end: number }>
  | Readonly<{ kind: "fault"; message: string }>;

function readValue(text: string, at: number, type: JsonValue | undefined): ReadValue {
  const first = text[at];
  if (first === "{" || first === "[") return readNested(text, at);
  if (first === '"') {
    const quoted = matchAt(QUOTED, text, at);
    if (quoted === undefined) return { kind: "fault", message: "the closing quote is missing" };
    const value = parseQuoted(quoted[0]);
    return { kind: "value", value, end: at + quoted[0].length };
  }
  const other = matchAt(CURLY, text, at) ?? matchAt(SINGLE, text, at);
  if (other !== undefined) {
    return { kind: "value", value: other.groups?.["inside"] ?? "", end: at + other[0].length };
  }
  const bare = matchAt(BARE, text, at)?.[0] ?? "";
  return { kind: "value", value: asTyped(bare, type), end: at + bare.length };
}

function readNested(text: string, at: number): ReadValue {
  const end = endOfNested(text, at);
  const nested = text.slice(at, end);
  try {
    return { kind: "value", value: JSON.parse(nested), end };
  } catch {
    return { kind: "fault", message: findJsonFault(nested) };
  }
}

/** Where the bracket opened at `at` closes; the end of the text when it does not. */
function endOfNested(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index += (matchAt(QUOTED, text, index)?.[0].length ?? 1) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return text.length;
}

/** With JSON's escapes where they are valid; a Windows path in quotes stays what it is. */
function parseQuoted(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    if (typeof value === "string") return value;
  } catch {
    // not JSON escapes: taken literally
  }
  return quoted.slice(1, -1);
}

/** What the schema says it is; without a say, JSON's literals are what they look like. */
function asTyped(bare: string, type: JsonValue | undefined): JsonValue {
  const types = Array.isArray(type) ? type : [type];
  if (types.includes("string")) return bare;
  if (bare === "true" || bare === "false") return bare === "true";
  if (bare === "null") return null;
  // Only what JSON writes back the same: 007 and 1.10 are names and versions, not numbers.
  return /^-?\d/.test(bare) &&
    (String(Number(bare)) === bare || isNumeric(types)) &&
    Number.isFinite(Number(bare))
    ? Number(bare)
    : bare;
}

function isNumeric(types: readonly (JsonValue | undefined)[]): boolean {
  return types.includes("number") || types.includes("integer");
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function leadingSpace(text: string, at: number): number {
  return text.slice(at).length - text.slice(at).trimStart().length;
}

function fault(message: string): CallArguments {
  return { kind: "fault", message };
}
