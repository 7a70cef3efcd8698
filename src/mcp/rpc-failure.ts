import type { JsonValue } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";

/** A JSON-RPC error with the HTTP status it travels under. */
export class RpcFailure extends Error {
  override readonly name = "RpcFailure";
  readonly status: number;
  readonly code: number;
  readonly data: JsonValue | undefined;

  constructor(status: number, code: number, message: string, data?: JsonValue) {
    super(message);
    this.status = status;
    this.code = code;
    this.data = data;
  }
}

export function failureText(id: RequestId | null, failure: RpcFailure): string {
  const error = {
    code: failure.code,
    message: failure.message,
    ...(failure.data === undefined ? {} : { data: failure.data }),
  };
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}
