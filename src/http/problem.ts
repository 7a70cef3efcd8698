import type { ErrorCode, GatewayError } from "../core/errors.ts";

const STATUS = {
  invalid_request: 400,
  invalid_params: 400,
  not_found: 404,
  misdirected: 421,
  unauthorized: 401,
  forbidden: 403,
  approval_needed: 403,
  conflict: 409,
  unsupported_media_type: 415,
  method_not_allowed: 405,
  too_large: 413,
  rate_limited: 429,
  config_invalid: 400,
  backend_unavailable: 502,
  backend_offline: 503,
  backend_unauthorized: 424,
  backend_timeout: 504,
  backend_failed: 502,
  cancelled: 499,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/** Clients retry at once without it. */
const DEFAULT_RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  rate_limited: 30,
  unavailable: 5,
  backend_offline: 5,
};

export function statusOf(code: ErrorCode): (typeof STATUS)[ErrorCode] {
  return STATUS[code];
}

/** `x-request-id`, and `retry-after` where another try makes sense. */
export function problemHeaders(error: GatewayError, requestId: string): Record<string, string> {
  const retryAfter = error.retryAfter ?? DEFAULT_RETRY_AFTER[error.code];
  return {
    "x-request-id": requestId,
    "cache-control": "no-store",
    ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
  };
}

/** An error in the plain JSON of our own surfaces (status, admin, unknown paths). */
export function problemResponse(
  error: GatewayError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { error: { code: error.code, message: error.message, request_id: requestId } },
    { status: statusOf(error.code), headers: { ...problemHeaders(error, requestId), ...headers } },
  );
}
