import { type ErrorCode, GatewayError } from "../core/errors.ts";
import { redactText } from "../core/redact.ts";
import { readChallenge } from "./bearer-challenge.ts";
import { LeaseLost, ScopeNeeded } from "./lease.ts";
import type { Blame } from "../core/outbound.ts";

/** Enough to recognise a message by, too little to fill a log. */
const MAX_DETAIL = 500;
/** A backend that asks for longer gets tried again when somebody calls. */
const MAX_RETRY_AFTER_SECONDS = 3_600;

export function backendFailure(
  { action, backend }: Blame,
  code: ErrorCode,
  reason: string,
  { cause, detail, retryAfter }: { cause?: unknown; detail?: string; retryAfter?: number } = {},
): GatewayError {
  const why = detail ?? (cause instanceof Error ? cause.message : undefined);
  return new GatewayError(code, `Cannot ${action}: backend "${backend}" ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(why === undefined ? {} : { detail: redactText(why, MAX_DETAIL) }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** What a backend's object answers on lane `object` for itself; no backend uses these. */
export const STREAM_BROKEN = 597;
export const NOT_CONNECTED = 598;

/**
 * What an HTTP answer means that carries no JSON-RPC message. Its body is the backend's text and
 * goes into the detail only: a stack trace or a login page is of no use to a caller.
 */
export function statusFailure(
  blame: Blame,
  response: Response,
  { body, hasSession }: { body: string; hasSession: boolean },
): GatewayError | LeaseLost {
  const { status } = response;
  if (status === 401) return refusedWith(response);
  if (status === 404 && hasSession) return new LeaseLost("session");
  const retryAfter = retryAfterSeconds(response.headers.get("retry-after"));
  const options = { detail: body, ...(retryAfter === undefined ? {} : { retryAfter }) };
  const fail = (code: ErrorCode, reason: string): GatewayError =>
    backendFailure(blame, code, reason, options);
  switch (status) {
    case 403: {
      const { error, scope = "" } = readChallenge(response.headers);
      if (error === "insufficient_scope") return needsScope(blame, scope);
      return fail("backend_unavailable", "refused the request (HTTP 403)");
    }
    case 404:
      return fail("backend_unavailable", "has no MCP server at this URL (HTTP 404)");
    case 413:
      return fail("too_large", "takes no request as large as this (HTTP 413)");
    case 429:
      return fail("backend_unavailable", "has too many requests (HTTP 429)");
    case NOT_CONNECTED:
      return fail("backend_offline", "is not connected");
    case STREAM_BROKEN:
      return fail("backend_failed", "broke off its answer");
    case 508:
      return fail("backend_unavailable", "leads back to this gateway (HTTP 508)");
    case 502:
    case 503:
    case 504:
      return fail("backend_unavailable", `is not available (HTTP ${status})`);
    default:
      return fail(
        "backend_failed",
        status < 300 ? "answered with something that is not MCP" : `answered HTTP ${status}`,
      );
  }
}

function needsScope({ action, backend }: Blame, scope: string): ScopeNeeded {
  const reason = "wants a login with more rights: log in again";
  return new ScopeNeeded(`Cannot ${action}: backend "${backend}" ${reason}`, scope);
}

export function refusedWith({ headers }: Pick<Response, "headers">): LeaseLost {
  const wantsLogin = readChallenge(headers).resourceMetadata !== undefined;
  return new LeaseLost("unauthorized", { wantsLogin });
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  if (!Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(0, Math.ceil(seconds)), MAX_RETRY_AFTER_SECONDS);
}

/**
 * Servers on the TypeScript SDK answer a session they lost in a restart with HTTP 400 before any
 * handler runs, in these words, where the specification asks for 404.
 */
const LOST_IN_WORDS =
  /no valid session|session id|session not found|not initialized|unsupported protocol version/i;

export function isSessionRefusal(status: number, message: string): boolean {
  return status === 400 && LOST_IN_WORDS.test(message);
}
