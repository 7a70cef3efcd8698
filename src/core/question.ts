import type { CallSignal } from "./call-signal.ts";
import { asGatewayError } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { RPC_CODES, type RpcError } from "./json-rpc.ts";

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

/** What a backend is told whose question got no answer. */
export function asQuestionError(error: unknown): RpcError {
  if (error instanceof QuestionRefused) return error.error;
  return { code: RPC_CODES.internalError, message: asGatewayError(error).message };
}

export const NOBODY_TO_ASK: RpcError = {
  code: RPC_CODES.methodNotFound,
  message: "There is no client here that could be asked",
};

/** Its client has been answered otherwise, or gave up. */
export function clientLeft(): QuestionRefused {
  return new QuestionRefused({
    code: -32800,
    message: "The client does not wait for questions any more",
  });
}
