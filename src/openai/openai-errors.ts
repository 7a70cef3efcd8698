import { GatewayError, type ErrorCode } from "../core/errors.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { ProviderError, type Finer } from "../llm/provider-error.ts";

/** `type` and `code` of an OpenAI error; the status is the one every surface of ours gives. */
type Dialect = Readonly<{ type: string; code: string }>;

const DIALECT = {
  invalid_request: { type: "invalid_request_error", code: "invalid_request" },
  invalid_params: { type: "invalid_request_error", code: "invalid_value" },
  not_found: { type: "invalid_request_error", code: "not_found" },
  misdirected: { type: "invalid_request_error", code: "misdirected" },
  unauthorized: { type: "invalid_request_error", code: "invalid_api_key" },
  forbidden: { type: "invalid_request_error", code: "permission_denied" },
  approval_needed: { type: "invalid_request_error", code: "approval_needed" },
  conflict: { type: "invalid_request_error", code: "conflict" },
  unsupported_media_type: { type: "invalid_request_error", code: "unsupported_media_type" },
  method_not_allowed: { type: "invalid_request_error", code: "method_not_allowed" },
  too_large: { type: "invalid_request_error", code: "request_too_large" },
  rate_limited: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  config_invalid: { type: "server_error", code: "config_invalid" },
  backend_unavailable: { type: "server_error", code: "upstream_unavailable" },
  backend_offline: { type: "server_error", code: "upstream_unavailable" },
  backend_unauthorized: { type: "server_error", code: "upstream_auth" },
  backend_timeout: { type: "server_error", code: "upstream_timeout" },
  backend_failed: { type: "server_error", code: "upstream_error" },
  cancelled: { type: "server_error", code: "cancelled" },
  unavailable: { type: "server_error", code: "service_unavailable" },
  internal: { type: "server_error", code: "server_error" },
} as const satisfies Record<ErrorCode, Dialect>;

export type OpenaiError = Readonly<{
  error: Readonly<{ message: string; type: string; param: string | null; code: string }>;
}>;

export function asOpenaiError(error: GatewayError, finer: Finer = {}): OpenaiError {
  const { type, code } = DIALECT[error.code];
  return {
    error: {
      message: error.message,
      type,
      param: finer.param ?? null,
      code: finer.code ?? code,
    },
  };
}

export type Refusal = Readonly<{
  requestId: string;
  /** In place of the one every surface of ours gives. */
  status?: number;
  finer?: Finer;
  headers?: Readonly<Record<string, string>>;
}>;

/** Open WebUI shows `error.message` and nothing else; without this shape it says "Network Problem". */
export function openaiErrorResponse(
  error: GatewayError,
  { requestId, status, finer, headers = {} }: Refusal,
): Response {
  return Response.json(asOpenaiError(error, finer), {
    status: status ?? statusOf(error.code),
    headers: { ...problemHeaders(error, requestId), ...headers },
  });
}

/** A refusal whose parameter or finer code is known where it is found. */
export class OpenaiRefusal extends GatewayError {
  readonly finer: Finer;

  constructor(code: ErrorCode, message: string, finer: Finer) {
    super(code, message);
    this.finer = finer;
  }
}

export function finerOf(error: GatewayError): Finer {
  return error instanceof OpenaiRefusal || error instanceof ProviderError ? error.finer : {};
}

/**
 * SDKs send what failed with 408, 409, 429 or 5xx again by themselves. Not once a tool may have run,
 * not what has been tried often enough, and not what only the owner can mend; a time to come again
 * stands for itself.
 */
export function retryHeaders(
  error: GatewayError,
  mayBeRepeated = true,
): Readonly<Record<string, string>> {
  const isVain = error instanceof ProviderError && (isTired(error) || isOwners(error));
  return mayBeRepeated && !isVain ? {} : { "x-should-retry": "false" };
}

function isTired({ wasRetried, retryAfter }: ProviderError): boolean {
  return wasRetried && retryAfter === undefined;
}

/** Only the owner of the gateway can mend it: a credential that is refused, an account without money. */
function isOwners({ finer }: ProviderError): boolean {
  return finer.code === "upstream_auth" || finer.code === "insufficient_quota";
}
