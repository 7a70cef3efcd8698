import type { RequestId } from "../core/json-rpc.ts";
import type { LocalEnd, LocalHooks, LocalNews } from "./local-end.ts";
import { answeredBy, errorAnswer, peek, type Peeked } from "./rpc-peek.ts";
import { keepOutwardLine } from "./outward-line.ts";
import type { Dial, LineEnd } from "./outward-socket.ts";

export type BridgeNews =
  | LocalNews
  | Readonly<{ kind: "connected" }>
  | Readonly<{ kind: "disconnected"; end: LineEnd; againInMs: number }>;

export type Bridge = Readonly<{ stop: () => Promise<void> }>;

/** Ids nobody will ever answer must not gather: far more than any server works on at once. */
const MAX_WAITING = 10_000;

/**
 * Carries the messages of one local server to its backend and back, one to one. What is under way
 * when the line or the server is lost is ended on the side that is still there: a call nobody waits
 * for any more is cancelled, and a question nobody hears is refused.
 */
export function openBridge(
  open: (hooks: LocalHooks) => LocalEnd,
  { dial, tell }: { dial: () => Dial; tell: (news: BridgeNews) => void },
): Bridge {
  /** Requests of the gateway that the server works on. */
  const calls = new Set<RequestId>();
  /** Requests of the server that the gateway has not answered. */
  const questions = new Set<RequestId>();

  function fromServer(text: string, messages: readonly Peeked[]): void {
    const isCarried = line.send(text);
    for (const message of messages) {
      switch (message.kind) {
        case "answer":
          calls.delete(message.id);
          if (!isCarried && line.isOpen()) line.send(errorAnswer(message.id, TOO_LONG));
          break;
        case "request":
          if (isCarried) remember(questions, message.id);
          else server.send(errorAnswer(message.id, line.isOpen() ? TOO_LONG : NOT_CONNECTED));
          break;
        case "cancelled":
          questions.delete(message.id);
          break;
        case "notification":
          break;
        default:
          message satisfies never;
      }
    }
  }

  function fromGateway(text: string): void {
    const messages = peek(text);
    if (messages === undefined) return; // nothing a server could answer
    for (const message of messages) {
      if (message.kind === "request") remember(calls, message.id);
      else if (message.kind === "cancelled") calls.delete(message.id);
      else if (message.kind === "answer") questions.delete(message.id);
    }
    server.send(text);
  }

  const line = keepOutwardLine(dial, {
    onOpen: () => {
      tell({ kind: "connected" });
      line.sendState(server.state());
    },
    onMessage: fromGateway,
    onFull: () => server.pause(),
    onDrained: () => server.resume(),
    onEnd: (end, againInMs) => {
      server.resume();
      for (const id of calls) server.send(cancelled(id));
      calls.clear();
      for (const id of questions) server.send(errorAnswer(id, NOT_CONNECTED));
      questions.clear();
      if (end.kind === "restart") server.restart();
      else tell({ kind: "disconnected", end, againInMs });
    },
  });

  const server = open({
    onMessage: fromServer,
    onTooLong: (head, tail) => {
      const id = answeredBy(head, tail);
      if (id !== undefined && calls.delete(id)) line.send(errorAnswer(id, TOO_LONG));
    },
    onState: (state) => {
      if (state.state === "down") {
        calls.clear();
        questions.clear();
      }
      line.sendState(state);
    },
    onFull: () => line.pause(),
    onReady: () => line.resume(),
    tell,
  });

  return {
    stop: async () => {
      line.stop();
      await server.stop();
    },
  };
}

const NOT_CONNECTED = "Cannot ask: there is no connection to the gateway";
const TOO_LONG = "Cannot answer: the message is longer than the gateway takes";

function cancelled(requestId: RequestId): string {
  const params = { requestId, reason: "The connection to the gateway was lost" };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
}

function remember(waiting: Set<RequestId>, id: RequestId): void {
  waiting.add(id);
  const [oldest] = waiting;
  if (waiting.size > MAX_WAITING && oldest !== undefined) waiting.delete(oldest);
}
