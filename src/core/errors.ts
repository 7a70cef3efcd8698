/**
 * Everything that can go wrong on purpose. Each surface has one exhaustive table from these codes
 * to its own dialect.
 */
export const ERROR_CODES = [
  "invalid_request", // the caller's request is malformed
  "invalid_params", // well-formed, but names or values do not fit
  "not_found", // does not exist, or the caller may not know that it does
  "unauthorized", // no credential, or one that is not valid here
  "forbidden", // a valid credential without the needed scope
  "approval_needed", // a person has to allow the call, and has not been asked
  "conflict", // somebody else changed it meanwhile
  "misdirected", // the Host is not ours
  "unsupported_media_type",
  "method_not_allowed",
  "too_large", // a body, list or result over its limit
  "rate_limited",
  "config_invalid",
  "backend_unavailable", // could not be reached, or refused us
  "backend_offline", // of ours, but not connected right now
  "backend_unauthorized", // refuses the credentials the gateway has for it
  "backend_timeout",
  "backend_failed", // answered with something that is not an answer
  "cancelled", // the caller gave up
  "unavailable", // our own storage or object is not there right now
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export type ErrorOptions = Readonly<{
  cause?: unknown;
  /** For our own log only; never shown to a caller. */
  detail?: string;
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
}>;

/**
 * The one error of this project. `message` is safe to show to a caller and reads
 * `Cannot <action>: <reason>`, values in double quotes, no full stop; `detail` is not.
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.retryAfter = options.retryAfter;
  }
}

/** Where the whole of a blank failure is told. One per isolate, like the console behind it. */
let tell: (id: string, detail: string) => void = () => {};

/** Set by the composition root. */
export function onInternalError(listener: (id: string, detail: string) => void): void {
  tell = listener;
}

/** A GatewayError as it is; anything else as a blank failure with an id that our log knows too. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const id = crypto.randomUUID().slice(0, 8);
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(id, detail);
  return new GatewayError("internal", `Cannot answer: internal error ${id}`, {
    cause: error,
    detail,
  });
}
