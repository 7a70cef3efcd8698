import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { HouseResult } from "./house-tool.ts";

/**
 * The contents of a resource as blocks of a tool result: text as text, because that is what every
 * client of tools shows to its model; pictures and sound as such; other bytes as they came.
 */
export function blocksOfContents({ contents }: JsonObject): readonly JsonObject[] {
  const parts = Array.isArray(contents) ? contents.filter(isJsonObject) : [];
  if (parts.length === 0) return [textBlock("The resource is empty.")];
  return parts.map((part) => {
    const { uri, text, blob, mimeType } = part;
    // One resource may be several, as a folder is: then each says which it is.
    const heading = parts.length > 1 ? `${stringOf(uri)}\n\n` : "";
    if (typeof text === "string") return textBlock(heading + text);
    const kind = /^(image|audio)\//i.exec(stringOf(mimeType))?.[1]?.toLowerCase();
    if (typeof blob !== "string" || kind === undefined) return { type: "resource", resource: part };
    return { type: kind, data: blob, mimeType };
  });
}

/** The messages of a prompt as blocks, each with whose it is. */
export function blocksOfMessages({ description, messages }: JsonObject): readonly JsonObject[] {
  const parts = Array.isArray(messages) ? messages.filter(isJsonObject) : [];
  const about = stringOf(description);
  return [
    ...(about === "" ? [] : [textBlock(about)]),
    ...parts.flatMap(({ role, content }) => {
      const blocks: readonly JsonValue[] = Array.isArray(content) ? content : [content ?? ""];
      return blocks.filter(isJsonObject).flatMap((block) => {
        const speaker = `[${stringOf(role)}]`;
        return block["type"] === "text"
          ? [textBlock(`${speaker}\n${stringOf(block["text"])}`)]
          : [textBlock(speaker), block];
      });
    }),
  ];
}

/** The same for programs and, as text, for clients that show models only that. */
export function sayJson(value: JsonObject, isError = false): HouseResult {
  const content = [textBlock(JSON.stringify(value))];
  const result = { content, structuredContent: value };
  return { kind: "result", result: isError ? { ...result, isError } : result };
}

function textBlock(text: string): JsonObject {
  return { type: "text", text };
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
