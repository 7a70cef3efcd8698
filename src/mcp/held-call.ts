import { checkedAsk } from "../backends/check-question.ts";
import { GiveUp, type CallSignal } from "../core/call-signal.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RpcNotification } from "../core/json-rpc.ts";
import { type Ask, asQuestionError, clientLeft, type Question } from "../core/question.ts";
import type { Reply } from "./reply.ts";

/** What the client of a held call is told next: what it is asked, or the end. */
export type Turn =
  | Readonly<{ kind: "asked"; questions: ReadonlyMap<string, Question> }>
  | Readonly<{ kind: "done"; reply: Reply }>;

type Open = Readonly<{
  question: Question;
  resolve: (result: JsonObject) => void;
  reject: (error: Error) => void;
}>;

/**
 * A call that goes on while its client is away: a modern client is asked in a result and comes back
 * with the answers in another request (MCP 2026-07-28, server/utilities/mrtr), while a legacy
 * backend waits in the middle of the one call.
 */
export class HeldCall {
  /** Aborts the call. */
  readonly signal = new GiveUp();
  readonly ask: Ask;
  /** The answer to the call, however long it takes. */
  readonly done: Promise<Reply>;
  readonly #finish: (reply: Reply) => void;
  #isLeft = false;
  readonly #open = new Map<string, Open>();
  #asked = 0;
  #reply: Reply | undefined;
  readonly #waiting = new Set<() => void>();
  #listener: ((notification: RpcNotification) => void) | undefined;
  /** What came while no request of the client waited. */
  readonly #untold: RpcNotification[] = [];

  constructor(capabilities: JsonObject) {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.done = promise;
    this.#finish = resolve;
    this.ask = checkedAsk(capabilities, (question, signal) => this.#put(question, signal));
  }

  notify(notification: RpcNotification): void {
    if (this.#listener !== undefined) this.#listener(notification);
    else if (this.#untold.length < MAX_UNTOLD) this.#untold.push(notification);
  }

  /**
   * What the backend says on this call's connection outside of its answer. Of notifications only log
   * messages belong on the stream of a request (MCP 2026-07-28, basic/transports).
   */
  async heard(
    message: JsonObject,
    log: (notification: RpcNotification) => void,
  ): Promise<JsonObject | undefined> {
    const { id, method, params } = message;
    if (typeof method !== "string") return undefined;
    const known = isJsonObject(params) ? params : {};
    if (id === undefined) {
      if (method === "notifications/message") log({ jsonrpc: "2.0", method, params: known });
      return undefined;
    }
    try {
      return { result: await this.ask({ method, params: known }, this.signal) };
    } catch (error) {
      return { error: asQuestionError(error) };
    }
  }

  get isOver(): boolean {
    return this.#reply !== undefined;
  }

  /** Where notifications go from now on; while no request waits, they wait for the next one. */
  listen(listener: ((notification: RpcNotification) => void) | undefined): void {
    this.#listener = listener;
    if (listener === undefined) return;
    for (const notification of this.#untold.splice(0)) listener(notification);
  }

  finish(reply: Reply): void {
    this.#reply = reply;
    this.#finish(reply);
    this.#wake();
  }

  /** Nobody comes back for a question: what is open and what is still to come is refused. */
  leave(): void {
    this.#isLeft = true;
    this.#refuseAll();
  }

  /** Waits until there is something to say. A client that asks twice is told the same twice. */
  async turn(): Promise<Turn> {
    for (;;) {
      if (this.#reply !== undefined) return { kind: "done", reply: this.#reply };
      if (this.#open.size > 0) return { kind: "asked", questions: this.questions() };
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  questions(): ReadonlyMap<string, Question> {
    return new Map([...this.#open].map(([key, { question }]) => [key, question]));
  }

  /** Answers to what is open; keys that nobody asked about are ignored. */
  answer(responses: JsonObject): void {
    for (const [key, open] of this.#open) {
      const result = Object.hasOwn(responses, key) ? responses[key] : undefined;
      if (!isJsonObject(result)) continue;
      this.#open.delete(key);
      open.resolve(result);
    }
  }

  abort(): void {
    this.signal.abort();
    this.#refuseAll();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #refuseAll(): void {
    for (const { reject } of this.#open.values()) reject(clientLeft());
    this.#open.clear();
  }

  async #put(question: Question, signal: CallSignal): Promise<JsonObject> {
    if (this.#isLeft) throw clientLeft();
    this.#asked += 1;
    const key = `question-${this.#asked}`;
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const onAbort = (): void => {
      this.#open.delete(key);
      reject(clientLeft());
    };
    signal.addEventListener("abort", onAbort);
    this.#open.set(key, { question, resolve, reject });
    // What the backend asks at the same time goes out together.
    setTimeout(() => this.#wake(), GATHER_MS);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** Kept for a client that is away with a question; what comes after that is dropped. */
const MAX_UNTOLD = 100;

/** Questions that arrive in the same moment are asked in one round. */
const GATHER_MS = 20;
