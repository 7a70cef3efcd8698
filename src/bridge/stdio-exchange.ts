import type { IncomingMessage } from "node:http";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RequestId } from "../core/json-rpc.ts";
import { CallClock } from "./call-clock.ts";
import { asRefusal, isOk, readAnswer } from "./gateway-answer.ts";
import { MESSAGE_HEADERS, type GatewayDoor } from "./gateway-door.ts";
import { NotDelivered, reasonOf } from "./gateway-sender.ts";
import { sessionIdOf, type LegacySession } from "./legacy-session.ts";
import { createAsk, type MarkedTools } from "./marked-tools.ts";
import { claimedVersion, modernHeaders } from "./modern-headers.ts";
import { resumeAnswer } from "./resume-answer.ts";
import { readRpc, type RpcPart, type RpcText } from "./rpc-parts.ts";
import { errorText, NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

/** One `retry:` must not eat all the time a call has. */
const MAX_RETRY_MS = 10_000;

export type ExchangeIo = Readonly<{
  door: GatewayDoor;
  session: LegacySession;
  marked: MarkedTools;
  /** One message to the client. */
  write: (text: string) => Promise<void> | void;
  /** The gateway asks the client something in the course of this. */
  onQuestion: (id: RequestId, clock: CallClock) => void;
  timeoutMs: number | undefined;
}>;

/** One line of the client on its way: posted, answered, taken up again where the stream broke. */
export class StdioExchange {
  readonly #message: RpcText;
  readonly #io: ExchangeIo;
  /** The one request in it; undefined for batches and for what is none. */
  readonly #request: Extract<RpcPart, { kind: "request" }> | undefined;
  /** The revision it claims, of a modern request. */
  readonly #version: string | undefined;
  readonly #waiting: Set<RequestId>;
  readonly #abort = new AbortController();
  readonly #clock: CallClock;
  #isUnderWay = false;
  #isCancelled = false;
  #isLate = false;
  /** The gateway wants arguments as headers that were not sent. */
  #lacksHeaders = false;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #heard = 0;

  constructor(message: RpcText, io: ExchangeIo) {
    this.#message = message;
    this.#io = io;
    const [first] = message.parts;
    this.#request = !message.isBatch && first?.kind === "request" ? first : undefined;
    this.#version = this.#request && claimedVersion(this.#request.params);
    this.#waiting = new Set(
      message.parts.flatMap((part) => (part.kind === "request" ? [part.id] : [])),
    );
    this.#clock = new CallClock(this.isStream ? undefined : io.timeoutMs, () => {
      this.#isLate = true;
      this.#abort.abort();
    });
  }

  get ids(): readonly RequestId[] {
    return [...this.#waiting];
  }

  /** Nobody waits for the end of it. */
  get isStream(): boolean {
    return this.#request?.method === "subscriptions/listen";
  }

  /** Settles when it is over; every request in it is answered, unless the client gave it up. */
  async run(): Promise<void> {
    const { session } = this.#io;
    try {
      if (this.#request?.method === "initialize" && this.#version === undefined) {
        await session.initialize(() => this.#go());
        return;
      }
      if (this.#version === undefined) await session.ready();
      await this.#go();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#clock.stop();
    }
  }

  /** The client gave it up. True when the gateway has to be told in a message of its own. */
  cancel(): boolean {
    this.#isCancelled = true;
    // Modern: closing the stream is the message (2026-07-28, basic/utilities/cancellation).
    const mustTell = this.#version === undefined && this.#isUnderWay;
    if (!mustTell) this.#abort.abort();
    return mustTell;
  }

  stop(): void {
    this.#isCancelled = true;
    this.#abort.abort();
  }

  async #go(): Promise<void> {
    let broke: unknown;
    try {
      await this.#read(await this.#post());
      if (this.#lacksHeaders && this.#request !== undefined) {
        const asked = { version: this.#version ?? "", signal: this.#abort.signal };
        await this.#io.marked.learn(this.#request.params, createAsk(this.#io.door, asked));
        await this.#read(await this.#post());
      }
    } catch (error) {
      if (this.#lastEventId === undefined || error instanceof NoAnswer) throw error;
      broke = error;
    }
    if (this.#version === undefined) await this.#resume();
    if (this.#waiting.size > 0) this.#fail(broke ?? new Error("it ended without an answer"));
  }

  #resume(): Promise<void> {
    const { door, session } = this.#io;
    return resumeAnswer(door, {
      state: () => ({
        lastEventId: this.#lastEventId,
        retryMs: this.#retryMs,
        heard: this.#heard,
        isAnswered: this.#waiting.size === 0 || this.#isCancelled,
      }),
      headers: () => session.headers,
      read: (response) => this.#read(response),
      signal: this.#abort.signal,
    });
  }

  async #post(): Promise<IncomingMessage> {
    const { session } = this.#io;
    const { id } = session;
    const response = await this.#postOnce();
    const isLost = response.statusCode === 404 && id !== undefined && this.#version === undefined;
    // What nobody waits for was about the old session.
    if (!isLost || this.#waiting.size === 0) return response;
    response.resume();
    await session.reopen(id);
    return this.#postOnce();
  }

  #postOnce(): Promise<IncomingMessage> {
    const { door, session, marked } = this.#io;
    const request = this.#request;
    const headers =
      request === undefined || this.#version === undefined
        ? session.headers
        : modernHeaders({
            ...request,
            version: this.#version,
            inputSchema: marked.schemaOf(request.method, request.params),
          });
    return door.send({
      method: "POST",
      headers: { ...MESSAGE_HEADERS, ...headers },
      body: this.#message.text,
      signal: this.#abort.signal,
      onUnderWay: (isUnderWay) => {
        this.#isUnderWay = isUnderWay;
        if (isUnderWay) this.#clock.heard();
        else this.#clock.stop();
      },
    });
  }

  async #read(response: IncomingMessage): Promise<void> {
    await readAnswer(response, {
      onText: (text) => this.#hear(text, response),
      onId: (id) => {
        this.#lastEventId = id;
      },
      onRetry: (ms) => {
        this.#retryMs = Math.min(ms, MAX_RETRY_MS);
      },
    });
    if (this.#waiting.size > 0 && !isOk(response) && !this.#lacksHeaders) {
      throw asRefusal(response);
    }
  }

  #hear(text: string, response: IncomingMessage): Promise<void> | void {
    const rpc = readRpc(text);
    if (rpc === undefined) return;
    this.#heard += 1;
    this.#clock.heard();
    if (rpc.isBatch) {
      for (const part of rpc.parts) {
        if (part.kind === "answer" && part.id !== null) this.#waiting.delete(part.id);
      }
      return this.#io.write(rpc.text);
    }
    const [part] = rpc.parts;
    if (part === undefined) return;
    if (part.kind === "answer") return this.#hearAnswer(part, rpc.text, response);
    if (part.kind === "request") {
      this.#clock.asked(part.id);
      this.#io.onQuestion(part.id, this.#clock);
    }
    return this.#io.write(rpc.text);
  }

  #hearAnswer(
    { id, message }: Extract<RpcPart, { kind: "answer" }>,
    text: string,
    response: IncomingMessage,
  ): Promise<void> | void {
    const [only] = this.#waiting;
    // The gateway could not read whose message it refuses; there is but one it can be.
    const isOurs = id === null && this.#waiting.size === 1;
    const answered = isOurs ? only : (id ?? undefined);
    if (answered === undefined || !this.#waiting.has(answered)) {
      // Nobody asked: a notification is refused in silence, something unreadable is not.
      const isUnreadable = this.#message.parts.some((part) => part.kind === "unclear");
      return isUnreadable ? this.#io.write(text) : undefined;
    }
    const { error, result } = message;
    if (this.#mayLearn(error)) {
      this.#lacksHeaders = true;
      return;
    }
    this.#lacksHeaders = false;
    this.#waiting.delete(answered);
    if (this.#request !== undefined && isJsonObject(result)) this.#note(response, result);
    if (this.#isCancelled) return;
    return this.#io.write(isOurs ? JSON.stringify({ ...message, id: answered }) : text);
  }

  /** Refused before it ran, for want of headers that only the list of tools tells of. */
  #mayLearn(error: unknown): boolean {
    return (
      isJsonObject(error) &&
      error["code"] === RPC_CODES.headerMismatch &&
      this.#version !== undefined &&
      this.#request?.method === "tools/call" &&
      !this.#lacksHeaders
    );
  }

  #note(response: IncomingMessage, result: JsonObject): void {
    const { session } = this.#io;
    const request = this.#request;
    if (request === undefined || this.#version !== undefined) return;
    if (request.method === "initialize") {
      session.opened(this.#message.text, sessionIdOf(response.headers), result);
    } else {
      session.keep(request, this.#message.text);
    }
  }

  #fail(error: unknown): void {
    const failure = this.#isLate ? this.#late() : asNoAnswer(error);
    for (const id of this.#waiting) {
      if (!this.#isCancelled) void this.#io.write(errorText(id, failure));
    }
    this.#waiting.clear();
  }

  #late(): NoAnswer {
    const seconds = (this.#io.timeoutMs ?? 0) / 1_000;
    const rest = this.#isUnderWay ? ", it may still run" : "";
    return new NoAnswer(
      STDIO_CODES.time,
      `Cannot wait for the gateway any longer: no message within ${seconds} s${rest}`,
    );
  }
}

function asNoAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  const reason = reasonOf(error);
  const message =
    error instanceof NotDelivered
      ? `Cannot reach the gateway: ${reason}`
      : `Cannot get the answer of the gateway: ${reason}, and the request may have run`;
  return new NoAnswer(STDIO_CODES.network, message, { cause: error });
}
