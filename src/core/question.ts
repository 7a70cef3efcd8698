import type { CallSignal } from "./call-signal.ts";
import type { JsonObject } from "./json.ts";
import type { RpcError } from "./json-rpc.ts";

/**
 * What a backend asks the client in the middle of a call: `elicitation/create`,
 * `sampling/createMessage` or `roots/list`. A legacy backend sends it as a request, a modern one
 * returns it in `inputRequests` (MCP 2026-07-28, server/utilities/mrtr); the words are the same.
 */
export type Question = Readonly<{ method: string; params: JsonObject }>;

/**
 * Puts a question to the client of a call and gives its JSON-RPC result. `signal` aborts when the
 * backend no longer wants to know. Rejects with QuestionRefused, in every other case with a
 * GatewayError.
 */
export type Ask = (question: Question, signal: CallSignal) => Promise<JsonObject>;

/** The client said no, in its own words, or could not be asked this at all. */
export class QuestionRefused extends Error {
  override readonly name = "QuestionRefused";
  readonly error: RpcError;

  constructor(error: RpcError) {
    super(error.message);
    this.error = error;
  }
}
