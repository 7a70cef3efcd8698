import { asGatewayError, type ErrorCode, type GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { RPC_CODES, type RequestId } from "../core/json-rpc.ts";
import type { Reply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";

/**
 * HTTP status and JSON-RPC code of each failure. A request that was understood is answered with
 * HTTP 200, as every SDK expects; a status of its own has only what is wrong before JSON-RPC.
 */
const TABLE: Readonly<Record<ErrorCode, readonly [status: number, code: number]>> = {
  invalid_request: [400, RPC_CODES.invalidRequest],
  invalid_params: [200, RPC_CODES.invalidParams],
  not_found: [200, RPC_CODES.invalidParams],
  misdirected: [421, RPC_CODES.invalidRequest],
  unauthorized: [401, RPC_CODES.invalidRequest],
  forbidden: [403, RPC_CODES.invalidRequest],
  approval_needed: [200, RPC_CODES.invalidRequest],
  conflict: [409, RPC_CODES.invalidRequest],
  unsupported_media_type: [415, RPC_CODES.invalidRequest],
  method_not_allowed: [405, RPC_CODES.invalidRequest],
  too_large: [413, RPC_CODES.invalidRequest],
  rate_limited: [200, RPC_CODES.internalError],
  config_invalid: [400, RPC_CODES.invalidRequest],
  backend_unavailable: [200, RPC_CODES.internalError],
  backend_offline: [200, RPC_CODES.internalError],
  backend_unauthorized: [200, RPC_CODES.internalError],
  backend_timeout: [200, RPC_CODES.internalError],
  backend_failed: [200, RPC_CODES.internalError],
  cancelled: [200, RPC_CODES.internalError],
  unavailable: [503, RPC_CODES.internalError],
  internal: [500, RPC_CODES.internalError],
};

/** What a model can do something about: it reads a tool result, not a protocol error. */
const SHOWN_TO_MODELS: ReadonlySet<ErrorCode> = new Set([
  "backend_unavailable",
  "backend_offline",
  "backend_unauthorized",
  "backend_timeout",
  "backend_failed",
  "approval_needed",
  "rate_limited",
  "too_large",
]);

export function asRpcFailure(error: unknown): RpcFailure {
  if (error instanceof RpcFailure) return error;
  const known = asGatewayError(error);
  const [status, code] = TABLE[known.code];
  return new RpcFailure(status, code, known.message);
}

/**
 * The tool result with `isError` that stands for a failed call (MCP 2025-06-18, server/tools, error
 * handling), or undefined when the failure belongs to the protocol.
 */
export function asToolError(error: GatewayError): JsonObject | undefined {
  if (!SHOWN_TO_MODELS.has(error.code)) return undefined;
  const wait = error.retryAfter === undefined ? "" : ` (try again in ${error.retryAfter} s)`;
  return { content: [{ type: "text", text: error.message + wait }], isError: true };
}

/** One failure as the whole answer to a request. */
export function failureReply(id: RequestId | null, error: unknown): Reply {
  const failure = asRpcFailure(error);
  return { text: failureText(id, failure), status: failure.status };
}

/**
 * Unknown, over, or another caller's: in the same words. The client begins a new session
 * (2025-11-25, basic/transports, session management).
 */
export function unknownSession(): RpcFailure {
  return new RpcFailure(404, -32001, "Session not found: initialize a new one");
}
