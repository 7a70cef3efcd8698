import type { ListedTool } from "../catalog/listing.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";

/** A parameter of a tool that a modern backend wants repeated as a header (SEP-2243). */
type Declaration = Readonly<{ path: readonly string[]; header: string }>;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
/** Schemas are other people's: deeper nesting than this is not walked. */
const MAX_DEPTH = 8;

const declarations = new WeakMap<ListedTool, readonly Declaration[]>();

/** `Mcp-Param-*` for the arguments that the tool's schema annotates with `x-mcp-header`. */
export function paramHeaders(
  tool: ListedTool,
  args: JsonValue | undefined,
): Readonly<Record<string, string>> {
  let declared = declarations.get(tool);
  if (declared === undefined) {
    declared = declaredIn(tool.inputSchema, [], 0);
    declarations.set(tool, declared);
  }
  const headers: Record<string, string> = {};
  for (const { path, header } of declared) {
    const text = primitiveText(valueAt(args, path));
    if (text !== undefined) headers[`Mcp-Param-${header}`] = headerValue(text);
  }
  return headers;
}

/** As it is when plain ASCII, otherwise in the base64 form of 2026-07-28 (basic/transports). */
export function headerValue(text: string): string {
  const plain =
    /^[\t\x20-\x7e]+$/.test(text) &&
    text === text.trim() &&
    !(text.startsWith("=?base64?") && text.endsWith("?="));
  if (plain) return text;
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return `=?base64?${btoa(binary)}?=`;
}

function declaredIn(
  schema: JsonValue | undefined,
  path: readonly string[],
  depth: number,
): readonly Declaration[] {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return [];
  const header = schema["x-mcp-header"];
  const own =
    typeof header === "string" && path.length > 0 && TOKEN.test(header) ? [{ path, header }] : [];
  const properties = schema["properties"];
  if (!isJsonObject(properties)) return own;
  return [
    ...own,
    ...Object.entries(properties).flatMap(([key, child]) =>
      declaredIn(child, [...path, key], depth + 1),
    ),
  ];
}

function valueAt(root: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let value = root;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function primitiveText(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number") return undefined;
  // An integer that has already lost digits must not be claimed to be the argument.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}
