import type { JsonObject } from "../core/json.ts";

/** A picture that providers take. */
export type ToolImage = Readonly<{
  mimeType: string;
  /** Standard base64. */
  data: string;
}>;

/** Those that every provider with eyes can read. */
const READABLE: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
]);
const BASE64 = /^([A-Za-z0-9+/_-]+)={0,2}$/;
/** Anthropic's limit of 5 MB for one picture is the narrowest; in base64. */
const MAX_CHARS = 5_000_000;
/** Of all pictures of one turn. */
const MAX_SHOWN = 10;
/** Of one answer, whose every later turn sends them again: an isolate has 128 MB for all it does. */
export const MAX_PICTURE_CHARS = 12_000_000;

/** Undefined for what is no picture, or too large, or no base64. */
export function asToolImage(mimeType: string, data: string): ToolImage | undefined {
  const type = mimeType.toLowerCase().replace("image/jpg", "image/jpeg");
  if (!READABLE.has(type) || data.length > MAX_CHARS) return undefined;
  const digits = BASE64.exec(data)?.[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
  if (digits === "" || digits.length % 4 === 1) return undefined;
  return { mimeType: type, data: digits.padEnd(Math.ceil(digits.length / 4) * 4, "=") };
}

/**
 * The pictures of a turn's results, after its tool messages: those hold text only, while every
 * provider with eyes reads pictures of the user. Undefined where there are none. `chars` is what is
 * left of `MAX_PICTURE_CHARS`.
 */
export function imageMessage(
  results: readonly Readonly<{ name: string; images: readonly ToolImage[] }>[],
  chars = MAX_PICTURE_CHARS,
): Readonly<{ message: JsonObject; chars: number }> | undefined {
  const content: JsonObject[] = [];
  let room = MAX_SHOWN;
  let left = chars;
  for (const { name, images } of results) {
    if (images.length === 0) continue;
    const shown = images.slice(0, room).filter(({ data }) => {
      const fits = data.length <= left;
      if (fits) left -= data.length;
      return fits;
    });
    room -= shown.length;
    const missing = images.length - shown.length;
    const note = missing === 0 ? "" : ` (${missing} more left out)`;
    content.push({ type: "text", text: `Images from the result of ${name}${note}:` });
    for (const { mimeType, data } of shown) {
      content.push({ type: "image_url", image_url: { url: `data:${mimeType};base64,${data}` } });
    }
  }
  if (content.length === 0) return undefined;
  return { message: { role: "user", content }, chars: left };
}
