import { GatewayError } from "./errors.ts";

/**
 * The body as text, counted while it is read: `Content-Length` is only a claim, and a chunked body
 * makes none. Over `limit` bytes it throws `too_large` and lets go of the stream.
 */
export async function readBoundedText(
  source: Request | Response,
  limit: number,
  what: string,
): Promise<string> {
  const { headers } = source;
  const declared = headers.get("content-length");
  if (declared !== null) {
    const bytes = Number(declared);
    if (bytes > limit) {
      await source.body?.cancel().catch(() => {}); // the peer may have closed it already
      throw tooLarge(what, limit);
    }
    // A declared length is enforced by the HTTP parser, so the fast native read is safe here. Only
    // answers are unfolded by the platform when they are compressed, and could then be any size.
    const isPlain = source instanceof Request || headers.get("content-encoding") === null;
    if (Number.isInteger(bytes) && isPlain) return source.text();
  }
  if (source.body === null) return "";
  const reader = source.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel().catch(() => {}); // nothing more to release
      throw tooLarge(what, limit);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function tooLarge(what: string, limit: number): GatewayError {
  return new GatewayError(
    "too_large",
    `Cannot read ${what}: it is larger than ${limit / 1024} KiB`,
  );
}
