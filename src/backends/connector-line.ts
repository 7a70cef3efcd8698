import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Fetch } from "../core/outbound.ts";
import type { After } from "../core/patience.ts";
import { TunnelWriter } from "../tunnel/tunnel-messages.ts";
import { MAX_TO_CONNECTOR } from "../tunnel/tunnel-protocol.ts";
import { NOT_CONNECTED } from "./backend-failure.ts";
import type { OnStray, SseConnection } from "./open-sse.ts";
import { PendingReplies, USER_HEADER } from "./pending-replies.ts";
import { parseObject } from "./read-answer.ts";

/** How often a line is looked at while somebody waits for an answer on it. */
const LOOK_EVERY_MS = 15_000;
/** What waits for answers, in UTF-16 units: a local server that takes nothing in is not fed on. */
const MAX_WAITING = 16 * 1_024 * 1_024;
/** Short calls do not fill that. */
const MAX_CALLS = 500;
/** What is still asked of a server that takes nothing in, one at a time: it may be well again. */
const MAX_PROBE = 4 * 1_024;

export type ConnectorLineDeps = Readonly<{
  /** Names one start of the local server. */
  run: string;
  /** Throws when the connection is gone. */
  send: (frame: string) => void;
  /** Whether nothing has come from the connector for longer than it may be silent. */
  isSilent: () => boolean;
  /** The connector is as good as gone. */
  onDead: () => void;
  onMessage: OnStray;
  after: After;
}>;

/**
 * One start of a local server, as long as its connector is there. Its `fetch` speaks like a
 * Streamable HTTP backend, as that of HTTP+SSE does; nobody but the connector can close it.
 */
export class ConnectorLine implements SseConnection {
  readonly run: string;
  readonly #deps: ConnectorLineDeps;
  /** One process for all callers: what belongs to none of them is nobody's. */
  readonly #pending = new PendingReplies(false);
  readonly #writer = new TunnelWriter(MAX_TO_CONNECTOR);
  #isOpen = true;
  #waiting = { calls: 0, units: 0 };
  /**
   * Sent since the server was last heard, in UTF-16 units. A call that is given up leaves what was
   * sent on the way, where nobody sees whether it is ever taken out.
   */
  #unheard = 0;
  /** Calls off the next look at it. */
  #looking: (() => void) | undefined;

  constructor(deps: ConnectorLineDeps) {
    this.run = deps.run;
    this.#deps = deps;
  }

  readonly fetch: Fetch = async (_url, { body, signal, headers }) => {
    if (this.#isOpen && this.#deps.isSilent()) this.#deps.onDead();
    if (!this.#isOpen) return new Response(null, { status: NOT_CONNECTED });
    const text = typeof body === "string" ? body : "";
    const message = parseObject(text) ?? {};
    const { calls, units } = this.#waiting;
    if (!this.#hasRoom(text.length)) return new Response(null, { status: 429 });
    const reply = this.#pending.expect(message, {
      signal: signal ?? undefined,
      userId: new Headers(headers).get(USER_HEADER) ?? undefined,
    });
    this.#waiting = { calls: calls + 1, units: units + text.length };
    try {
      if (!this.#send(text)) return new Response(null, { status: 413 });
      if (reply === undefined) return new Response(null, { status: 202 });
      if (message["method"] === LISTEN) this.#endWith(signal ?? undefined, message);
      this.#watch();
      return await reply.response;
    } finally {
      reply?.release();
      const now = this.#waiting;
      this.#waiting = { calls: now.calls - 1, units: now.units - text.length };
      this.#rest();
    }
  };

  isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {} // the connector's to close: others are speaking on it

  /** A message of the local server, or a batch of them (2025-03-26). */
  deliver(text: string): void {
    this.#unheard = 0;
    if (!text.startsWith("[")) return this.#deliver(text, parseObject(text));
    for (const message of parseBatch(text)) this.#deliver(JSON.stringify(message), message);
  }

  /** The local server or its connector is gone: whoever waits hears so, once. */
  end(): void {
    this.#isOpen = false;
    this.#pending.endAll();
    this.#rest();
  }

  #hasRoom(length: number): boolean {
    const { calls, units } = this.#waiting;
    if (calls >= MAX_CALLS || units + length > MAX_WAITING) return false;
    return this.#unheard + length <= MAX_WAITING || (calls === 0 && length <= MAX_PROBE);
  }

  #deliver(text: string, message: JsonObject | undefined): void {
    // Something that only looks like a message: local programs print all sorts of things.
    if (message === undefined) return;
    const isOfCall = this.#pending.deliver(text, message);
    this.#rest();
    if (isOfCall) return;
    this.#deps.onMessage(message, async (response) => {
      if (this.#isOpen) this.#send(JSON.stringify(response));
    });
  }

  /** False when it is longer than the connector takes. */
  #send(text: string): boolean {
    const frames = this.#writer.frames(text);
    if (frames !== undefined) this.#unheard += text.length;
    for (const frame of frames ?? []) this.#deps.send(frame);
    return frames !== undefined;
  }

  /** There is no response of its own that could be closed: a subscription is called off in words. */
  #endWith(signal: AbortSignal | undefined, { id }: JsonObject): void {
    signal?.addEventListener("abort", () => {
      const params = { requestId: id };
      const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
      if (this.#isOpen) this.#send(JSON.stringify(cancel));
    });
  }

  /** A line that broke in the middle of a call is found out before the call's own time is up. */
  #watch(): void {
    this.#looking ??= this.#deps.after(LOOK_EVERY_MS, () => {
      this.#looking = undefined;
      if (this.#pending.isEmpty) return;
      if (this.#deps.isSilent()) this.#deps.onDead();
      else this.#watch();
    });
  }

  /** With a timer left, the object could not sleep. */
  #rest(): void {
    if (!this.#pending.isEmpty) return;
    this.#looking?.();
    this.#looking = undefined;
  }
}

const LISTEN = "subscriptions/listen";

function parseBatch(text: string): readonly JsonObject[] {
  try {
    const batch: unknown = JSON.parse(text);
    return Array.isArray(batch) ? batch.filter(isJsonObject) : [];
  } catch {
    return []; // as above
  }
}
