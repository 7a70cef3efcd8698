import { GiveUp } from "../core/call-signal.ts";
import {
  coversResource,
  isChangeNotice,
  isListChanged,
  resourceUpdated,
  updatedUri,
} from "../core/change-notices.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RpcError, type RequestId } from "../core/json-rpc.ts";
import type { After } from "../core/patience.ts";
import { NOBODY_TO_ASK, type Question, QuestionRefused } from "../core/question.ts";
import type { Attending } from "./attendance-book.ts";
import { checkedAsk, QUESTIONS } from "./check-question.ts";
import { Outbox } from "./outbox.ts";

/** A person fills in a form; a backend waits no longer than this for one. */
const ANSWER_WAIT_MS = 10 * 60_000;
/** More questions than this at once is no conversation. */
const MAX_OPEN_QUESTIONS = 20;
/** Object names are the users', who come and go. */
const MAX_OUTBOXES = 1_000;

export type HeardMessagesDeps = Readonly<{
  /** Who attends now, the newest last. */
  attending: () => readonly Attending[];
  /** On a connection of several users, logs and questions are about somebody, and nobody knows whom. */
  isOneUsers: () => boolean;
  /** What the client of this session has declared; nobody's session declares nothing. */
  capabilities: () => JsonObject;
  /** A list of the backend has changed. */
  onListChanged: () => void;
  tell: (listener: string, message: JsonObject) => Promise<JsonObject | undefined>;
  after: After;
}>;

/** Brings what a backend says outside of any call to those who attend. */
export class HeardMessages {
  readonly #deps: HeardMessagesDeps;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #questions = new Map<RequestId, GiveUp>();
  /** Not the size of that: a backend may ask again and again under one id. */
  #open = 0;

  constructor(deps: HeardMessagesDeps) {
    this.#deps = deps;
  }

  /** `reply` sends the backend a JSON-RPC response and never rejects. */
  hear(message: JsonObject, reply: (response: JsonObject) => Promise<void>): Promise<void> {
    const { id, method, params } = message;
    if (typeof method !== "string") return Promise.resolve();
    if (typeof id === "string" || typeof id === "number") {
      const question = { method, params: isJsonObject(params) ? params : {} };
      return this.#answer(id, question, reply);
    }
    if (isChangeNotice(method)) this.hearChange(message);
    else if (method === "notifications/cancelled") this.#withdraw(params);
    // Progress would be of a call that is over.
    else if (method !== "notifications/progress" && this.#deps.isOneUsers()) {
      this.#tell(message, ({ messages }) => messages);
    }
    return Promise.resolve();
  }

  /** A list or a resource of the backend has changed, wherever it said so. */
  hearChange(message: JsonObject): void {
    const { method } = message;
    const uri = updatedUri(message);
    if (uri !== undefined) {
      this.#tell(resourceUpdated(uri), ({ uris }) =>
        uris.some((watched) => coversResource(watched, uri)),
      );
    } else if (typeof method === "string" && isListChanged(method)) this.#deps.onListChanged();
  }

  /** Something may have been said while nobody listened: whatever is watched may have changed. */
  catchUp(): void {
    for (const { listener, uris } of this.#deps.attending()) {
      for (const uri of uris) this.#outboxOf(listener).put(resourceUpdated(uri));
    }
  }

  #withdraw(params: unknown): void {
    const id = isJsonObject(params) ? params["requestId"] : undefined;
    if (typeof id === "string" || typeof id === "number") this.#questions.get(id)?.abort();
  }

  #tell(message: JsonObject, wants: (attending: Attending) => boolean): void {
    for (const attending of this.#deps.attending()) {
      if (wants(attending)) this.#outboxOf(attending.listener).put(message);
    }
  }

  #outboxOf(listener: string): Outbox {
    const known = this.#outboxes.get(listener);
    const { tell, after } = this.#deps;
    const outbox = known ?? new Outbox((message) => tell(listener, message), after);
    this.#outboxes.delete(listener);
    this.#outboxes.set(listener, outbox);
    const [oldest] = this.#outboxes.keys();
    if (this.#outboxes.size > MAX_OUTBOXES && oldest !== undefined) this.#outboxes.delete(oldest);
    return outbox;
  }

  async #answer(
    id: RequestId,
    question: Question,
    reply: (response: JsonObject) => Promise<void>,
  ): Promise<void> {
    if (question.method === "ping") return reply({ jsonrpc: "2.0", id, result: {} });
    const signal = new GiveUp();
    const isTooMany = this.#open >= MAX_OPEN_QUESTIONS;
    if (!isTooMany) this.#questions.set(id, signal);
    this.#open += 1;
    try {
      if (isTooMany) throw new QuestionRefused(TOO_MANY);
      const ask = checkedAsk(this.#deps.capabilities(), (asked) => this.#ask(id, asked));
      const result = await ask(question, signal);
      if (!signal.aborted) await reply({ jsonrpc: "2.0", id, result });
    } catch (error) {
      if (!signal.aborted) await reply({ jsonrpc: "2.0", id, error: asRpcError(error) });
    } finally {
      this.#open -= 1;
      if (this.#questions.get(id) === signal) this.#questions.delete(id);
    }
  }

  async #ask(id: RequestId, { method, params }: Question): Promise<JsonObject> {
    const newest = this.#deps.attending().findLast(({ messages }) => messages);
    const listener = this.#deps.isOneUsers() ? newest?.listener : undefined;
    if (listener === undefined || !QUESTIONS.has(method)) throw new QuestionRefused(NOBODY_TO_ASK);
    const request = { jsonrpc: "2.0", id, method, params };
    const response = await this.#within(this.#deps.tell(listener, request));
    if (isJsonObject(response?.["result"])) return response["result"];
    const error = response?.["error"];
    throw new QuestionRefused(isRpcError(error) ? error : NOBODY_TO_ASK);
  }

  #within<Value>(work: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const callOff = this.#deps.after(ANSWER_WAIT_MS, () => reject(new QuestionRefused(TOO_LATE)));
      work.finally(callOff).then(resolve, () => reject(new QuestionRefused(NOBODY_TO_ASK)));
    });
  }
}

const TOO_MANY: RpcError = { code: RPC_CODES.internalError, message: "Too many questions at once" };
const TOO_LATE: RpcError = { code: RPC_CODES.internalError, message: "Nobody answered in time" };

function isRpcError(error: unknown): error is RpcError {
  return (
    isJsonObject(error) && typeof error["code"] === "number" && typeof error["message"] === "string"
  );
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof QuestionRefused) return error.error;
  const message = error instanceof GatewayError ? error.message : "The question cannot be asked";
  return { code: RPC_CODES.internalError, message };
}
