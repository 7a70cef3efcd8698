import { isChangeNotice } from "../core/change-notices.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import { STREAM_BROKEN } from "./backend-failure.ts";

const CALLS: ReadonlySet<unknown> = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "completion/complete",
]);
/** Bytes said in the middle of a call that nobody has read yet: whoever says more ends the call. */
const MAX_UNREAD = 8 * 1024 * 1024;
/** Says to which `subscriptions/listen` a notification belongs (2026-07-28, basic/utilities). */
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

/** On lane `object`: who calls. For the one that keeps the stream; backends never see it. */
export const USER_HEADER = "x-gateway-user";

/** One call in flight over a stream shared by all: what comes back for it, as one response. */
type Pending = Readonly<{
  push: (text: string) => void;
  finish: (text: string | undefined) => void;
  /** In the middle of it the backend may log and ask; a handshake or a list is no such call. */
  isCall: boolean;
  /** Who calls, where that is known. */
  userId: string | undefined;
}>;

export type ExpectedReply = Readonly<{
  /** JSON when the answer comes first, an event stream when something comes before it. */
  response: Promise<Response>;
  /** The response was handed on, or nobody wants it any more. */
  release: () => void;
}>;

/**
 * Sorts the messages of one event stream to the calls they belong to. Ids and progress tokens are
 * unique over all callers, because `encodeRequest` makes them so where a session is shared.
 */
export class PendingReplies {
  readonly #pending = new Map<RequestId, Pending>();
  readonly #isOneUsers: boolean;

  /** `isOneUsers`: all calls on this stream are one user's, so nothing can reach a stranger. */
  constructor(isOneUsers: boolean) {
    this.#isOneUsers = isOneUsers;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** What will come back for a message that goes out; undefined for what has no answer. */
  expect(
    message: JsonObject,
    { signal, userId }: Pick<Pending, "userId"> & Readonly<{ signal: AbortSignal | undefined }>,
  ): ExpectedReply | undefined {
    const { id, method } = message;
    if (method === "notifications/cancelled") this.#forget(message);
    if (method === undefined || (typeof id !== "string" && typeof id !== "number"))
      return undefined;
    return this.#expect(id, { isCall: CALLS.has(method), signal, userId });
  }

  #expect(
    id: RequestId,
    {
      isCall,
      signal,
      userId,
    }: Pick<Pending, "isCall" | "userId"> & Readonly<{ signal: AbortSignal | undefined }>,
  ): ExpectedReply {
    const { promise, resolve } = Promise.withResolvers<Response>();
    let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
    const encoder = new TextEncoder();
    const drop = (): void => {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      drop();
      // Nobody reads it: the one who asked has closed the connection.
      resolve(new Response(null, { status: 499 }));
    };
    signal?.addEventListener("abort", onAbort);
    const stream = (): ReadableStreamDefaultController<Uint8Array> => {
      if (sink !== undefined) return sink;
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            sink = controller;
          },
          cancel: drop,
        },
        new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD }),
      );
      resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
      if (sink === undefined) throw new TypeError("a stream starts when it is made");
      return sink;
    };
    const finish = (text: string | undefined): void => {
      drop();
      if (sink !== undefined) {
        if (text !== undefined) sink.enqueue(encoder.encode(asEvent(text)));
        sink.close();
        return;
      }
      resolve(
        text === undefined
          ? new Response(null, { status: STREAM_BROKEN })
          : new Response(text, { headers: { "content-type": "application/json" } }),
      );
    };
    const push = (text: string): void => {
      const { desiredSize } = stream();
      if (desiredSize === null || desiredSize <= 0) finish(undefined);
      else stream().enqueue(encoder.encode(asEvent(text)));
    };
    this.#pending.set(id, { isCall, userId, push, finish });
    return {
      response: promise,
      release: () => {
        if (sink === undefined) drop();
      },
    };
  }

  /** False for what belongs to no call. */
  deliver(text: string, message: JsonObject): boolean {
    const { id, method } = message;
    if (typeof method !== "string") {
      if (typeof id === "string" || typeof id === "number") this.#pending.get(id)?.finish(text);
      return true;
    }
    // Not because of a call: something has changed, or the backend wants to see whether we are there.
    if (method === "ping" || isChangeNotice(method)) return false;
    const owner = this.#ownerOf(message);
    owner?.push(text);
    if (owner !== undefined) return true;
    // With several users it may be about a call all the same: nobody else is to hear it. But who
    // asks and hears nothing waits for ever.
    return id === undefined && this.#calls().length > 0 && !this.#isOneUsers;
  }

  /** The one who asked has said so by `notifications/cancelled`, and no longer listens. */
  #forget({ params }: JsonObject): void {
    const id =
      typeof params === "object" && params !== null && "requestId" in params
        ? params["requestId"]
        : undefined;
    if (typeof id === "string" || typeof id === "number") this.#pending.get(id)?.finish(undefined);
  }

  endAll(): void {
    for (const pending of this.#pending.values()) pending.finish(undefined);
  }

  #calls(): Pending[] {
    return [...this.#pending.values()].filter(({ isCall }) => isCall);
  }

  /**
   * By progress token. What bears none (questions, logs, pings) goes to the newest call of the one
   * user; on a stream of several only while all calls are one's, because it may be about any of them.
   */
  #ownerOf({ params }: JsonObject): Pending | undefined {
    const meta = isJsonObject(params) ? params["_meta"] : undefined;
    const subscription = isJsonObject(meta) ? meta[SUBSCRIPTION_ID] : undefined;
    if (typeof subscription === "string" || typeof subscription === "number") {
      return this.#pending.get(subscription);
    }
    const token =
      typeof params === "object" && params !== null && "progressToken" in params
        ? params["progressToken"]
        : undefined;
    if (typeof token === "string" || typeof token === "number") return this.#pending.get(token);
    const calls = this.#calls();
    const newest = calls.at(-1);
    if (this.#isOneUsers || calls.length === 1) return newest;
    const userId = newest?.userId;
    const areOnes = userId !== undefined && calls.every((call) => call.userId === userId);
    return areOnes ? newest : undefined;
  }
}

/** A line break inside JSON text starts a new `data:` line (HTML, server-sent events). */
function asEvent(text: string): string {
  return `data: ${text.replaceAll("\n", "\ndata: ")}\n\n`;
}
