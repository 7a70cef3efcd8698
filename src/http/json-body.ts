import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";

/** What the SDKs and hosts we serve allow for one request; counted while it is read. */
export const BODY_LIMIT = 4 * 1024 * 1024;
/** A body that trickles would hold the request open for as long as its sender likes. */
const BODY_WAIT_MS = 30_000;

/** The text of a JSON request body. Throws `unsupported_media_type`, `too_large`, `invalid_request`. */
export async function readJsonText(request: Request, limit: number = BODY_LIMIT): Promise<string> {
  requireJsonType(request);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new GatewayError(
          "invalid_request",
          `Cannot read the request body: it did not arrive within ${BODY_WAIT_MS / 1_000} s`,
        ),
      );
    }, BODY_WAIT_MS);
  });
  try {
    return await Promise.race([readBoundedText(request, limit, "the request body"), late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function readJsonBody(
  request: Request,
  limit: number = BODY_LIMIT,
): Promise<JsonValue> {
  const text = await readJsonText(request, limit);
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (error) {
    throw new GatewayError("invalid_request", "Cannot read the request body: it is not JSON", {
      cause: error,
    });
  }
}

/**
 * `text/plain` and friends need no CORS preflight, so a body under such a type could be sent by any
 * web page; only the exact type is one a page must ask for first.
 */
function requireJsonType(request: Request): void {
  const header = request.headers.get("content-type");
  if (header === "application/json") return;
  const type = header?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new GatewayError(
    "unsupported_media_type",
    'Cannot read the request body: content type must be "application/json"',
  );
}
