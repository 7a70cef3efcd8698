import type { CallSignal } from "../core/call-signal.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES } from "../core/json-rpc.ts";
import { type Question, QuestionRefused } from "../core/question.ts";

/** A person is asked: this long, and the call it belongs to ends. */
const ANSWER_WAIT_MS = 10 * 60 * 1_000;
/** Of one session: more and a backend is asking in a loop. */
const MAX_OPEN = 50;

type Open = Readonly<{
  resolve: (result: JsonObject) => void;
  reject: (error: Error) => void;
}>;

/** The questions put to one legacy client that it has not answered yet. */
export class ClientQuestions {
  readonly #open = new Map<string, Open>();

  /** `send` writes a message to where this client reads. */
  async put(
    { method, params }: Question,
    signal: CallSignal,
    send: (message: JsonObject) => void,
  ): Promise<JsonObject> {
    if (this.#open.size >= MAX_OPEN) {
      throw new GatewayError("rate_limited", `Cannot ask: ${MAX_OPEN} questions are open`);
    }
    if (signal.aborted) throw new GatewayError("cancelled", "Cannot ask: nobody waits any more");
    // Unguessable, so that nobody answers what was never asked.
    const id = `q-${crypto.randomUUID()}`;
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const withdraw = (reason: string): void => {
      const cancelled = { requestId: id, reason };
      send({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled });
      reject(new GatewayError("cancelled", `Cannot ask: ${reason}`));
    };
    const onAbort = (): void => withdraw("the backend no longer waits");
    const timer = setTimeout(
      () => withdraw(`no answer within ${ANSWER_WAIT_MS / 60_000} minutes`),
      ANSWER_WAIT_MS,
    );
    signal.addEventListener("abort", onAbort);
    this.#open.set(id, { resolve, reject });
    try {
      send({ jsonrpc: "2.0", id, method, params });
      return await promise;
    } finally {
      this.#open.delete(id);
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** What a client posts; answers to what was not asked are dropped. */
  answer({ id, result, error }: JsonObject): void {
    const open = typeof id === "string" ? this.#open.get(id) : undefined;
    if (open === undefined) return;
    if (isJsonObject(result)) open.resolve(result);
    else open.reject(new QuestionRefused(toRpcError(error)));
  }

  /** The client is gone for good. */
  end(): void {
    for (const { reject } of this.#open.values()) {
      reject(new GatewayError("cancelled", "Cannot ask: the client ended its session"));
    }
  }
}

function toRpcError(error: unknown): QuestionRefused["error"] {
  const known = isJsonObject(error) ? error : {};
  const { code, message, data } = known;
  return {
    code: Number.isInteger(code) ? Number(code) : RPC_CODES.internalError,
    message: typeof message === "string" ? message.slice(0, 2_000) : "The client refused to answer",
    ...(data === undefined ? {} : { data }),
  };
}
