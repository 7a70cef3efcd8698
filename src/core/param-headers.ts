import type { JsonObject, JsonValue } from "./json.ts";
import { argumentAt, findParamMarks } from "./param-marks.ts";

/** `Mcp-Param-*` for the arguments that a tool's schema annotates with `x-mcp-header`. */
export function paramHeaders(
  inputSchema: JsonObject,
  args: JsonValue | undefined,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const { path, header } of findParamMarks(inputSchema).marks) {
    const text = primitiveText(argumentAt(args, path));
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

function primitiveText(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number") return undefined;
  // An integer that has already lost digits must not be claimed to be the argument.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}
