/** What a backend gave as bytes: base64 as MCP carries it, or text. */
export type Media = Readonly<
  { mimeType: string | undefined } & (
    | { base64: string; text?: never }
    | { text: string; base64?: never }
  )
>;

type Headers = Readonly<Record<string, string>>;

/** Encoding a long text at once would hold it in memory a second time. */
const WHOLE = 256 * 1024;
/** Divides by four, so that a piece of base64 is whole bytes. */
const SLICE = 128 * 1024;

/** Any JSON text as it stands. */
export function jsonBody(text: string, headers: Headers = {}, status = 200): Response {
  return new Response(text.length > WHOLE ? inSlices(textSlices(text)) : text, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/**
 * A backend's own text or bytes. It is on our origin now, so a browser must neither guess another
 * type nor run any of it. Base64 is to have passed `isBase64`: a body cannot be taken back half-way.
 */
export function mediaBody(media: Media, headers: Headers = {}): Response {
  const isText = media.text !== undefined;
  const type = essence(media.mimeType) ?? (isText ? "text/plain" : "application/octet-stream");
  return new Response(bodyOf(media), {
    headers: {
      "content-type": isText ? `${type}; charset=utf-8` : type,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      ...(isHarmless(type) ? {} : { "content-disposition": "attachment" }),
      ...headers,
    },
  });
}

/** With padding and nothing else, as MCP asks for it (RFC 4648 section 4). */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/**
 * The media type without parameters, or undefined for what is none: a header would be refused, or
 * be another one, with what a backend may write here.
 */
export function essence(mimeType: string | undefined): string | undefined {
  const type = mimeType?.split(";", 1)[0]?.trim().toLowerCase();
  return type !== undefined && MEDIA_TYPE.test(type) ? type : undefined;
}

/** RFC 6838 section 4.2. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** What no browser runs, shown in a tab; SVG and PDF can carry scripts. */
const HARMLESS: ReadonlySet<string> = new Set([
  "text/plain",
  "application/json",
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
]);

function isHarmless(type: string): boolean {
  return HARMLESS.has(type) || type.startsWith("audio/") || type.startsWith("video/");
}

function bodyOf({ text, base64 }: Media): BodyInit {
  if (text !== undefined) return text.length > WHOLE ? inSlices(textSlices(text)) : text;
  return base64.length > WHOLE ? inSlices(byteSlices(base64)) : bytesOf(base64);
}

/** The next piece is made when the client has taken the last one. */
function inSlices(slices: Iterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = slices.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* textSlices(text: string): Generator<Uint8Array, undefined> {
  const encoder = new TextEncoder();
  for (let at = 0; at < text.length;) {
    // Half of a pair would be encoded as a character of its own.
    const end = at + SLICE + (isHighSurrogate(text.charCodeAt(at + SLICE - 1)) ? 1 : 0);
    yield encoder.encode(text.slice(at, end));
    at = end;
  }
  return undefined;
}

function* byteSlices(base64: string): Generator<Uint8Array, undefined> {
  for (let at = 0; at < base64.length; at += SLICE) yield bytesOf(base64.slice(at, at + SLICE));
  return undefined;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
