import { createParser } from "eventsource-parser";
import { MAX_TO_GATEWAY } from "../tunnel/tunnel-protocol.ts";
import type { Peeked } from "./rpc-peek.ts";

/** A server in the local network, as its entry in the file says. */
export type RemoteServer = Readonly<{
  kind: "streamable-http" | "sse";
  url: string;
  headers: Readonly<Record<string, string>>;
}>;

export type ChannelHooks = Readonly<{
  /** One whole JSON-RPC message, or a batch; nothing else is passed on. */
  onMessage: (text: string) => void;
  /** It works: something has come back. */
  onAlive: () => void;
  /** The session, or the way to it, is gone. At most once. */
  onEnd: (reason: string) => void;
  /** Resolves at once, or when whoever takes the messages has room again. */
  hasRoom: () => Promise<void>;
}>;

/** One session with such a server. */
export type Channel = Readonly<{
  send: (text: string, messages: readonly Peeked[]) => void;
  close: () => Promise<void>;
}>;

export function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

export type EventHandlers = Readonly<{
  onEvent: (name: string, data: string) => void;
  hasRoom: () => Promise<void>;
}>;

/** Reads an event stream to its end; throws what the stream throws, and when an event is too long. */
export async function readEvents(
  response: Response,
  { onEvent, hasRoom }: EventHandlers,
): Promise<void> {
  const parser = createParser({
    maxBufferSize: MAX_TO_GATEWAY,
    onEvent: ({ event, data }) => onEvent(event ?? "message", data),
  });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a stream is read in its order
    await hasRoom();
    // oxlint-disable-next-line no-await-in-loop -- as above
    const read = await reader?.read();
    if (read?.value === undefined) return;
    parser.feed(decoder.decode(read.value, { stream: true }));
  }
}

/** Why a fetch failed, for people; Node hides it behind "fetch failed". */
export function fetchProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return "cannot be reached: nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "cannot be reached: there is no such host";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "cut the connection";
    default:
      return `cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
