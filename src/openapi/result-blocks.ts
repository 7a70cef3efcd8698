import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { findMember, listItems, type Span } from "../core/json-spans.ts";
import type { Answer } from "../core/json-rpc.ts";

/**
 * The result of a tool with the text it came in: what is passed on as it stands is cut out there, so
 * that big numbers and key order survive. Nothing is looked for before it is needed.
 */
export type ToolResult = Readonly<{
  content: readonly JsonValue[];
  structuredContent: JsonValue | undefined;
  isError: boolean;
  /** The whole of it as it was written. */
  whole: () => string;
  structuredText: () => string;
  /** One of `content` as it was written. */
  blockText: (index: number) => string;
}>;

/** For an answer that has a result. */
export function readToolResult({ text }: Answer, result: JsonObject): ToolResult {
  const { content, structuredContent, isError } = result;
  const whole = (): Span => requireMember(text, text.indexOf("{"), "result");
  const member = (name: string): Span => requireMember(text, whole().start, name);
  let items: readonly Span[] | undefined;
  return {
    content: Array.isArray(content) ? content : [],
    structuredContent,
    isError: isError === true,
    whole: () => cut(text, whole()),
    structuredText: () => cut(text, member("structuredContent")),
    blockText: (index) => {
      items ??= listItems(text, member("content").start);
      return cut(text, items[index]);
    },
  };
}

function requireMember(text: string, object: number, name: string): Span {
  const span = findMember(text, object, name);
  if (span === undefined) throw new TypeError(`the answer has no "${name}"`);
  return span;
}

function cut(text: string, span: Span | undefined): string {
  return span === undefined ? "null" : text.slice(span.start, span.end);
}

/** The text of a text block. */
export function textOf(block: JsonValue): string | undefined {
  if (!isJsonObject(block) || block["type"] !== "text") return undefined;
  return typeof block["text"] === "string" ? block["text"] : undefined;
}

/** An image or a sound, as base64. */
export function mediaOf(block: JsonValue): { mimeType: string; base64: string } | undefined {
  if (!isJsonObject(block)) return undefined;
  const { type, data, mimeType } = block;
  if ((type !== "image" && type !== "audio") || typeof data !== "string") return undefined;
  return { mimeType: typeof mimeType === "string" ? mimeType : UNKNOWN_TYPE, base64: data };
}

/** What a resource is of that stands in the result itself. */
export function embeddedOf(block: JsonValue): JsonObject | undefined {
  if (!isJsonObject(block) || block["type"] !== "resource") return undefined;
  return isJsonObject(block["resource"]) ? block["resource"] : undefined;
}

const UNKNOWN_TYPE = "application/octet-stream";
