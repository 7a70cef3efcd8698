import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import { withinBodyWait } from "./body-wait.ts";

/** What the SDKs and hosts we serve allow for one request; counted while it is read. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** The text of a JSON request body. Throws `unsupported_media_type`, `too_large`, `invalid_request`. */
export async function readJsonText(
  request: Request,
  limit: number = BODY_LIMIT,
  after?: After,
): Promise<string> {
  requireJsonType(request);
  return withinBodyWait(readBoundedText(request, limit, "the request body"), after);
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
