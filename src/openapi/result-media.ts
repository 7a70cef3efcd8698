import type { JsonValue } from "../core/json.ts";
import { chooseMedia } from "./accepted-media.ts";
import { essence, isBase64, type Media } from "./rest-body.ts";
import { embeddedOf, mediaOf, textOf, type ToolResult } from "./result-blocks.ts";

/**
 * What of a result goes out as it is, because the client likes its type better than JSON: all of it
 * where it is nothing but text, else its only image, sound or file.
 */
export function chosenMedia(accept: string | null, { content }: ToolResult): Media | undefined {
  if (accept === null || accept === "*/*") return undefined;
  const media = allText(content) ?? onlyMedium(content);
  if (media === undefined) return undefined;
  const type = essence(media.mimeType);
  return type !== undefined && chooseMedia(accept, [type]) !== undefined ? media : undefined;
}

function allText(content: readonly JsonValue[]): Media | undefined {
  const texts = content.map(textOf).filter((text) => text !== undefined);
  if (texts.length === 0 || texts.length < content.length) return undefined;
  return { mimeType: "text/plain", text: texts.join("\n\n") };
}

function onlyMedium(content: readonly JsonValue[]): Media | undefined {
  const media = content.map(toMedia).filter((medium) => medium !== undefined);
  return media.length === 1 ? media[0] : undefined;
}

function toMedia(block: JsonValue): Media | undefined {
  const media = mediaOf(block);
  if (media !== undefined) return isBase64(media.base64) ? media : undefined;
  const { mimeType, text, blob } = embeddedOf(block) ?? {};
  const type = typeof mimeType === "string" ? mimeType : undefined;
  if (typeof text === "string") return { mimeType: type ?? "text/plain", text };
  if (typeof blob !== "string" || !isBase64(blob)) return undefined;
  return { mimeType: type ?? "application/octet-stream", base64: blob };
}
