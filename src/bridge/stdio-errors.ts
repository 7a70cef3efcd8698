import type { RequestId } from "../core/json-rpc.ts";

/** The numbers that the gateway's own language model tools have as well. */
export const STDIO_CODES = {
  parse: -32700,
  invalid: -32600,
  internal: -32603,
  credential: -32001,
  network: -32006,
  time: -32007,
} as const;

/** Why a request of the client has no answer of the gateway: the message is for people. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly code: number;

  constructor(code: number, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

export function errorText(
  id: RequestId | null,
  { code, message }: Readonly<{ code: number; message: string }>,
): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}
