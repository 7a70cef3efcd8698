import type { ErrorCode } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { redactText } from "../core/redact.ts";
import { ProviderError } from "./provider-error.ts";

/** Enough for a sentence or two. */
const MAX_MESSAGE = 500;
const FINER_CODE = /^[A-Za-z0-9_.-]{1,64}$/;

/** By HTTP status, by OpenAI's and Google's words, and by the numbers of Workers AI. */
const CODES: ReadonlyMap<JsonValue | undefined, ErrorCode> = new Map<JsonValue, ErrorCode>([
  [400, "invalid_params"],
  [413, "invalid_params"],
  [422, "invalid_params"],
  [3006, "invalid_params"],
  ["context_length_exceeded", "invalid_params"],
  ["invalid_request_error", "invalid_params"],
  ["INVALID_ARGUMENT", "invalid_params"],
  [429, "rate_limited"],
  [3036, "rate_limited"],
  [3040, "rate_limited"],
  ["rate_limit_exceeded", "rate_limited"],
  ["rate_limit_error", "rate_limited"],
  ["insufficient_quota", "rate_limited"],
  ["RESOURCE_EXHAUSTED", "rate_limited"],
  [408, "backend_timeout"],
  [504, "backend_timeout"],
  [3007, "backend_timeout"],
  [3008, "backend_timeout"],
  [503, "backend_unavailable"],
  ["UNAVAILABLE", "backend_unavailable"],
  ["overloaded_error", "backend_unavailable"],
]);

/**
 * What a provider says went wrong after it had answered 200: `error` in OpenAI's shape or as a text,
 * vLLM's `object: "error"`, Cloudflare's `errors`, and any of it in a list, as Google sends it. Undefined: nothing did.
 */
export function findFault(provider: string, said: JsonValue): ProviderError | undefined {
  const chunk = Array.isArray(said) ? said[0] : said;
  if (!isJsonObject(chunk)) return undefined;
  const { error, errors } = chunk;
  if (isSaid(error)) return faultOf(provider, error);
  if (chunk["object"] === "error") return faultOf(provider, chunk);
  return Array.isArray(errors) && errors.length > 0 ? faultOf(provider, errors) : undefined;
}

export function faultOf(provider: string, error: JsonValue): ProviderError {
  const first = Array.isArray(error) ? error[0] : error;
  if (!isJsonObject(first)) return providerFailed(provider, first);
  const { message, code, type, status } = first;
  const known = [code, type, status].map((word) => CODES.get(asNumber(word)));
  const finer = typeof code === "string" && FINER_CODE.test(code) ? { code } : {};
  return new ProviderError(
    known.find((each) => each !== undefined) ?? "backend_failed",
    failed(provider, message),
    { finer },
  );
}

/** Azure and others write the status as a text. */
function asNumber(word: JsonValue | undefined): JsonValue | undefined {
  return typeof word === "string" && /^\d{3,4}$/.test(word) ? Number(word) : word;
}

export function providerFailed(provider: string, reason: JsonValue | undefined): ProviderError {
  return new ProviderError("backend_failed", failed(provider, reason));
}

export function wasCut(provider: string): ProviderError {
  return providerFailed(provider, "the stream ended before the answer was complete");
}

export function fellSilent(provider: string, timeoutMs: number): ProviderError {
  const message = `Cannot answer: provider "${provider}" said nothing for ${timeoutMs / 1_000} s`;
  return new ProviderError("backend_timeout", message);
}

export function wasCancelled(): ProviderError {
  return new ProviderError("cancelled", "Cannot answer: the request was cancelled");
}

/** The provider's words are data: bounded, and without what looks like a credential. */
function failed(provider: string, reason: JsonValue | undefined): string {
  const said = typeof reason === "string" ? redactText(reason, MAX_MESSAGE) : "";
  return `Cannot answer: provider "${provider}" failed${said === "" ? "" : `: ${said}`}`;
}

function isSaid(error: JsonValue | undefined): error is JsonValue {
  return error !== undefined && error !== null && error !== "" && error !== false;
}
