import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { findJsonFault, indexOfJsonFault } from "../core/json-fault.ts";
import { isNestedDeeper } from "../core/json-spans.ts";
import type { After } from "../core/patience.ts";
import { withinBodyWait } from "../http/body-wait.ts";
import { BODY_LIMIT } from "../http/json-body.ts";
import { ArgumentsRefused } from "./arguments-refused.ts";
import { bounded } from "./shown-values.ts";

type Reading = Readonly<{ after: After; compat: boolean }>;

/**
 * The text of a JSON body, empty where there is none: then the type does not matter, as curl writes
 * that of a form in front of nothing. Throws `unsupported_media_type` and `too_large`.
 */
export async function readBody(request: Request, { after, compat }: Reading): Promise<string> {
  if (request.body === null || request.headers.get("content-length") === "0") return "";
  const type = request.headers.get("content-type");
  if (type === "application/json" || isJsonType(type)) {
    return withinBodyWait(readBoundedText(request, BODY_LIMIT, "the request body"), after);
  }
  // Without its type: workerd warns in the log when a form is read as text.
  const body = new Response(request.body);
  const text = await withinBodyWait(readBoundedText(body, BODY_LIMIT, "the request body"), after);
  if (text.trim() === "") return "";
  if (compat) throw unreadable(text);
  const sent = type === null ? "without a content type" : `"${type.slice(0, 100)}"`;
  throw new GatewayError(
    "unsupported_media_type",
    `Cannot read the arguments: the body is ${sent}, it must be sent with "Content-Type: application/json"`,
  );
}

/** Nobody writes arguments like this, and writing them again would end the stack. */
const MAX_NESTING = 200;

/** Throws `invalid_request`, or what mcpo says, for what is no JSON or nested without end. */
export function parseBody(text: string, compat: boolean): JsonValue {
  const value = parse(text, compat);
  if (!isNestedDeeper(text, MAX_NESTING)) return value;
  throw new GatewayError(
    "invalid_request",
    `Cannot read the arguments: they are nested more than ${MAX_NESTING} levels deep`,
  );
}

function parse(text: string, compat: boolean): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (error) {
    const fault = findJsonFault(text);
    if (compat) throw malformed(text, fault);
    throw new GatewayError(
      "invalid_request",
      `Cannot read the arguments: the body is not JSON, ${fault}`,
      { cause: error },
    );
  }
}

/** `application/json; charset=utf-8`, `application/ld+json`. */
function isJsonType(header: string | null): boolean {
  const type = header?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/.test(type);
}

/** What FastAPI says of a body that it takes for bytes. */
function unreadable(text: string): ArgumentsRefused {
  return new ArgumentsRefused([
    {
      type: "model_attributes_type",
      loc: ["body"],
      msg: "Input should be a valid dictionary or object to extract fields from",
      input: bounded(text),
    },
  ]);
}

function malformed(text: string, fault: string): ArgumentsRefused {
  return new ArgumentsRefused([
    {
      type: "json_invalid",
      loc: ["body", indexOfJsonFault(text)],
      msg: "JSON decode error",
      input: {},
      ctx: { error: fault },
    },
  ]);
}
