import { randomToken } from "../core/digest.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RpcNotification } from "../core/json-rpc.ts";
import { afterTimeout } from "../core/patience.ts";
import type { Question } from "../core/question.ts";
import { within } from "../core/within.ts";
import { type KeptCall, KeptStore } from "./kept-store.ts";
import type { Reply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";
import { underId } from "./under-id.ts";

/** A timer keeps the object in memory while nothing but a backend's answer is waited for. */
const STAY_MS = 5_000;
const MAX_STATUS_LENGTH = 300;

/** A call that may take longer than its client waits. */
export type Detachable = Readonly<{
  /** In the caller's words. */
  tool: string;
  afterMs: number;
  /** The whole answer, under the random id `answerId`. */
  whole: Promise<Reply>;
  answerId: string;
  /** What the client is told if it comes before the time is up: the answer, or a question. */
  next: Promise<Reply>;
  /** What it is told otherwise. */
  detached: (call: KeptCall) => Promise<Reply>;
  abort: () => void;
  /** What the call waits for; only where its client can answer later. */
  questions?: () => ReadonlyMap<string, Question>;
  answer?: (responses: JsonObject) => void;
}>;

/** How a kept call stands; `text` is its answer, with its handle as the id. */
export type Standing =
  | Readonly<{
      kind: "running";
      call: KeptCall;
      message: string;
      questions: ReadonlyMap<string, Question>;
    }>
  | Readonly<{ kind: "over"; call: KeptCall; text: string }>;

type Running = Pick<Detachable, "abort" | "questions" | "answer"> & {
  message: string;
  readonly done: Promise<void>;
};

/** The calls of one user that go on without their client. */
export class DetachedCalls {
  readonly #store: KeptStore;
  readonly #running = new Map<string, Running>();

  constructor(sql: SqlStorage) {
    this.#store = new KeptStore(sql);
  }

  /** The answer when it comes in time; otherwise the call goes on and its handle is the answer. */
  async race(detachable: Detachable, onDetach: (handle: string) => void): Promise<Reply> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), detachable.afterMs);
    });
    const first = await Promise.race([detachable.next, late]);
    clearTimeout(timer);
    if (first !== "late") return first;
    const handle = randomToken(24);
    onDetach(handle);
    return detachable.detached(this.#keep(handle, detachable));
  }

  /** Progress of a call that nobody listens to is its status. */
  note(handle: string, { method, params }: RpcNotification): void {
    const running = this.#running.get(handle);
    if (running === undefined || method !== "notifications/progress") return;
    const { message, progress, total } = params ?? {};
    const counted = `${Number(progress)}${typeof total === "number" ? ` of ${total}` : ""}`;
    running.message = (typeof message === "string" ? message : counted).slice(0, MAX_STATUS_LENGTH);
  }

  find(handle: string): Standing | undefined {
    const call = this.#store.find(handle, Date.now());
    if (call === undefined) return undefined;
    if (call.status !== "working") {
      return { kind: "over", call, text: this.#store.answer(handle) };
    }
    const running = this.#running.get(handle);
    if (running !== undefined) {
      const { message, questions } = running;
      return { kind: "running", call, message, questions: questions?.() ?? new Map() };
    }
    const lost = { ...call, status: "failed" as const, updatedAt: Date.now() };
    this.#finish(lost, failureText(handle, RESTARTED));
    return { kind: "over", call: lost, text: failureText(handle, RESTARTED) };
  }

  /** Settles when the call is over, or after `ms`. */
  async wait(handle: string, ms: number): Promise<void> {
    const running = this.#running.get(handle);
    if (running === undefined || ms <= 0) return;
    await within(ms, running.done, afterTimeout);
  }

  answer(handle: string, responses: JsonObject): void {
    this.#running.get(handle)?.answer?.(responses);
  }

  /** A call that is over stays as it is. */
  cancel(handle: string): void {
    const running = this.#running.get(handle);
    const call = this.#store.find(handle, Date.now());
    if (running === undefined || call?.status !== "working") return;
    this.#running.delete(handle);
    this.#finish(
      { ...call, status: "cancelled", updatedAt: Date.now() },
      failureText(handle, CANCELLED),
    );
    running.abort();
  }

  /** True when anything is left. */
  sweep(): boolean {
    return this.#store.sweep(Date.now());
  }

  #keep(handle: string, { tool, whole, answerId, ...controls }: Detachable): KeptCall {
    const now = Date.now();
    const call: KeptCall = { handle, tool, status: "working", createdAt: now, updatedAt: now };
    this.#store.put(call);
    const stay = setInterval(() => {}, STAY_MS);
    const done = whole.then(({ text }) => {
      clearInterval(stay);
      if (!this.#running.delete(handle)) return; // cancelled meanwhile
      const kept = underId(text, answerId, handle);
      this.#finish({ ...call, status: statusOf(kept), updatedAt: Date.now() }, kept);
    });
    const { abort, questions, answer } = controls;
    this.#running.set(handle, {
      abort,
      done,
      message: "",
      ...(questions === undefined ? {} : { questions }),
      ...(answer === undefined ? {} : { answer }),
    });
    return call;
  }

  #finish(call: KeptCall, text: string): void {
    this.#store.put(call);
    this.#store.putAnswer(call.handle, text);
  }
}

/** A tool that says it failed has run; only an error of the protocol is a failure of the call. */
function statusOf(text: string): "completed" | "failed" {
  const answered: unknown = JSON.parse(text);
  return isJsonObject(answered) && "error" in answered ? "failed" : "completed";
}

const RESTARTED = new RpcFailure(
  200,
  RPC_CODES.internalError,
  "Cannot answer: the gateway was restarted while this call was running",
);
const CANCELLED = new RpcFailure(
  200,
  RPC_CODES.internalError,
  "Cannot answer: the call was cancelled",
);
