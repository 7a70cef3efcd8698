import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import { withinBodyWait } from "./body-wait.ts";

const FORM_TYPE = "application/x-www-form-urlencoded";
/** A client assertion is the largest thing a form of ours holds. */
const FORM_LIMIT = 64 * 1024;

/** A form body. Throws `unsupported_media_type`, `too_large`, `invalid_request`. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== FORM_TYPE) {
    throw new GatewayError(
      "unsupported_media_type",
      `Cannot read the form: content type must be "${FORM_TYPE}"`,
    );
  }
  // Without its content type: workerd warns in the log when a form is read as text.
  const body = new Response(request.body);
  return new URLSearchParams(await withinBodyWait(readBoundedText(body, FORM_LIMIT, "the form")));
}
