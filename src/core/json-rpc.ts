import type { JsonObject, JsonValue } from "./json.ts";

/** JSON-RPC 2.0 as MCP uses it: ids are strings or integers, params are objects. */
export type RequestId = string | number;

export type RpcRequest = Readonly<{
  jsonrpc: "2.0";
  id: RequestId;
  method: string;
  params?: JsonObject;
}>;

export type RpcNotification = Readonly<{ jsonrpc: "2.0"; method: string; params?: JsonObject }>;

export type RpcError = Readonly<{ code: number; message: string; data?: JsonValue }>;

export type RpcResponse =
  | Readonly<{ jsonrpc: "2.0"; id: RequestId; result: JsonObject }>
  | Readonly<{ jsonrpc: "2.0"; id: RequestId | null; error: RpcError }>;

/**
 * A complete JSON-RPC response with the caller's id. `text` is the backend's own wherever nothing
 * had to change, so that numbers and key order survive; `message` parses it on demand.
 */
export type Answer = Readonly<{ text: string; message: () => RpcResponse }>;

/** JSON-RPC 2.0 section 5.1, and the codes MCP 2026-07-28 adds (basic/versioning, basic/transports). */
export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;
