import type { ErrorCode, GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { RPC_CODES } from "../core/json-rpc.ts";
import { ProviderError } from "./provider-error.ts";

/** Where a failed result carries the number of its reason, for callers that are programs. */
export const LLM_FAILURE_KEY = "mcp-edge-gateway/llm-failure";

/** The numbers AnyGPT's specification gives to what can go wrong between a caller and a model. */
const AUTH = -32001;
const RATE_LIMITED = -32002;
const MODEL_NOT_FOUND = -32003;
const PROVIDER_UNAVAILABLE = -32004;
const CONFIG = -32005;
const NETWORK = -32006;
const TIMEOUT = -32007;

const NUMBERS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: RPC_CODES.invalidRequest,
  invalid_params: RPC_CODES.invalidParams,
  not_found: MODEL_NOT_FOUND,
  unauthorized: AUTH,
  forbidden: AUTH,
  approval_needed: AUTH,
  conflict: RPC_CODES.internalError,
  misdirected: RPC_CODES.invalidRequest,
  unsupported_media_type: RPC_CODES.invalidRequest,
  method_not_allowed: RPC_CODES.invalidRequest,
  too_large: RPC_CODES.invalidParams,
  rate_limited: RATE_LIMITED,
  config_invalid: CONFIG,
  backend_unavailable: NETWORK,
  backend_offline: NETWORK,
  backend_unauthorized: AUTH,
  backend_timeout: TIMEOUT,
  backend_failed: PROVIDER_UNAVAILABLE,
  cancelled: RPC_CODES.internalError,
  unavailable: PROVIDER_UNAVAILABLE,
  internal: RPC_CODES.internalError,
};

/** A failure as the tool's result: a model reads the text, a program the number. */
export function failedResult(action: string, error: GatewayError): JsonObject {
  const { retryAfter } = error;
  return {
    content: [{ type: "text", text: `Error: ${action}: ${error.message}` }],
    isError: true,
    _meta: {
      [LLM_FAILURE_KEY]: {
        code: numberOf(error),
        message: error.message,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    },
  };
}

function numberOf(error: GatewayError): number {
  const isCredential = error instanceof ProviderError && error.finer.code === "upstream_auth";
  return isCredential ? AUTH : NUMBERS[error.code];
}
