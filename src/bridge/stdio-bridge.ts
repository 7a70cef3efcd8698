import type { RequestId } from "../core/json-rpc.ts";
import type { CallClock } from "./call-clock.ts";
import type { GatewayDoor } from "./gateway-door.ts";
import { LegacySession } from "./legacy-session.ts";
import type { LineWriter } from "./line-writer.ts";
import { MarkedTools } from "./marked-tools.ts";
import { idOfLongRequest } from "./long-request.ts";
import { isId, readRpc, type RpcText } from "./rpc-parts.ts";
import { followServerStream } from "./server-stream.ts";
import { errorText, STDIO_CODES } from "./stdio-errors.ts";
import { StdioExchange } from "./stdio-exchange.ts";
import type { StdioLog } from "./stdio-log.ts";

/** Far more than a client has under way; one that never stops asking must not fill the memory. */
const MAX_UNDER_WAY = 1_000;

export type StdioBridge = Readonly<{
  /** One line of the client. */
  read: (line: string) => void;
  readTooLong: (head: string, tail: string) => void;
  /** Until every request is answered. */
  drained: () => Promise<void>;
  /** Gives up what is under way and ends the session. */
  stop: () => Promise<void>;
}>;

export type BridgeOptions = Readonly<{
  door: GatewayDoor;
  write: LineWriter["write"];
  timeoutMs: number | undefined;
  log: StdioLog;
}>;

/** Carries the messages of one client to a gateway and back, as they are. */
export function createStdioBridge({ door, write, timeoutMs, log }: BridgeOptions): StdioBridge {
  const running = new Set<StdioExchange>();
  const byId = new Map<RequestId, StdioExchange>();
  /** Clocks of the requests that wait for an answer of the client. */
  const questions = new Map<RequestId, CallClock>();
  const drainWaiters = new Set<() => void>();
  const session = new LegacySession(door, { tell: (text) => void write(text), log });
  const marked = new MarkedTools();
  let stream: AbortController | undefined;
  let isStopped = false;

  const io = { door, session, marked, write, timeoutMs };

  function isDrained(): boolean {
    return [...running].every((exchange) => exchange.isStream);
  }

  async function carry(message: RpcText): Promise<void> {
    const asked = new Set<RequestId>();
    const onQuestion = (id: RequestId, clock: CallClock): void => {
      asked.add(id);
      questions.set(id, clock);
    };
    const exchange = new StdioExchange(message, { ...io, onQuestion });
    const { ids } = exchange;
    if (running.size >= MAX_UNDER_WAY) {
      for (const id of ids) void write(errorText(id, TOO_MANY));
      return;
    }
    running.add(exchange);
    for (const id of ids) byId.set(id, exchange);
    const since = performance.now();
    try {
      await exchange.run();
    } finally {
      running.delete(exchange);
      for (const id of asked) questions.delete(id);
      for (const id of ids) if (byId.get(id) === exchange) byId.delete(id);
      log.debug(`${labelOf(message)}: ${Math.round(performance.now() - since)} ms`);
      if (isDrained()) for (const tell of drainWaiters) tell();
    }
    if (isOnly(message, "notifications/initialized")) openStream();
  }

  function openStream(): void {
    stream?.abort();
    stream = new AbortController();
    if (isStopped || session.id === undefined) return;
    void followServerStream(
      { door, session, log },
      {
        onText: (text) => {
          const rpc = readRpc(text);
          if (rpc !== undefined) return write(rpc.text);
        },
        signal: stream.signal,
      },
    );
  }

  return {
    read(line) {
      if (line.trim() === "" || isStopped) return;
      const message = readRpc(line);
      if (message === undefined) {
        log.warn("the client sent a line that is no JSON");
        void write(errorText(null, { code: STDIO_CODES.parse, message: "Parse error: no JSON" }));
        return;
      }
      for (const part of message.parts) {
        if (part.kind !== "answer" || part.id === null) continue;
        questions.get(part.id)?.answered(part.id);
        questions.delete(part.id);
      }
      const cancelled = cancelledBy(message);
      const exchange = cancelled === undefined ? undefined : byId.get(cancelled);
      if (exchange !== undefined && !exchange.cancel()) return;
      void carry(message);
    },

    readTooLong(head, tail) {
      log.warn("the client sent a line that is longer than the gateway takes");
      const id = idOfLongRequest(head, tail);
      void write(errorText(id ?? null, TOO_LONG));
    },

    async drained() {
      if (isDrained()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      drainWaiters.add(resolve);
      await promise;
      drainWaiters.delete(resolve);
    },

    async stop() {
      isStopped = true;
      stream?.abort();
      for (const exchange of running) exchange.stop();
      await session.end();
    },
  };
}

const TOO_MANY = {
  code: STDIO_CODES.internal,
  message: `Cannot ask the gateway: ${MAX_UNDER_WAY} requests are under way`,
};
const TOO_LONG = {
  code: STDIO_CODES.invalid,
  message: "Cannot ask the gateway: the message is longer than it takes",
};

function isOnly({ parts, isBatch }: RpcText, method: string): boolean {
  const [part] = parts;
  return !isBatch && part?.kind === "notification" && part.method === method;
}

function cancelledBy({ parts, isBatch }: RpcText): RequestId | undefined {
  const [part] = parts;
  if (isBatch || part?.kind !== "notification") return undefined;
  if (part.method !== "notifications/cancelled") return undefined;
  const { requestId } = part.params;
  return isId(requestId) ? requestId : undefined;
}

/** For the log: what kind of thing it was, not what it said. */
function labelOf({ parts, isBatch }: RpcText): string {
  const [part] = parts;
  if (isBatch) return `a batch of ${parts.length}`;
  if (part?.kind === "request" || part?.kind === "notification") return part.method.slice(0, 60);
  return part?.kind === "answer" ? "an answer" : "something unclear";
}
