import { type After, PATIENCE_MS } from "../core/patience.ts";
import { CALL_KEEP_ALIVE_MS, openEventStream } from "./event-stream.ts";

/**
 * Notifications that may wait for a client that reads slowly. Beyond it they are dropped, as progress
 * and log messages may be; the answer never is.
 */
const MAX_WAITING = 1_000;

const JSON_HEADERS = { "content-type": "application/json" };

export type Reply = Readonly<{ text: string; status: number }>;

export type Work = Readonly<{
  /** The one answer; must not throw. */
  answer: Promise<Reply>;
  /** Called once with where notifications go as soon as the work has any. */
  onNotify: (listener: (text: string) => void) => void;
  /** Whether the client takes an event stream; asked only when there is a reason for one. */
  mayStream: () => boolean;
  /** The client went away. */
  abandon: () => void;
  after: After;
  /** Keeps the work going after the client has left, so that it can tell the backend. */
  waitUntil: (work: Promise<unknown>) => void;
}>;

export function jsonReply({ text, status }: Reply): Response {
  return new Response(text, { status, headers: JSON_HEADERS });
}

/**
 * JSON when the answer comes soon and alone; otherwise an event stream with the notifications first
 * (Streamable HTTP, "sending messages to the server"). A slow answer becomes a stream too, so that
 * the client sees life and we see when it goes: a write to a closed stream is how workerd tells.
 */
export async function streamableReply(work: Work): Promise<Response> {
  const early: string[] = [];
  const { promise: decision, resolve: decide } = Promise.withResolvers<Reply | "stream">();
  const wantStream = (): void => {
    if (work.mayStream()) decide("stream");
  };
  let push = (text: string): void => {
    if (early.length < MAX_WAITING) early.push(text);
    wantStream();
  };
  work.onNotify((text) => push(text));
  work.after(PATIENCE_MS, wantStream);
  void work.answer.then(decide);
  const first = await decision;
  if (first !== "stream") return jsonReply(first);

  // workerd drops everything of a request whose client has left, cancellations included.
  work.waitUntil(work.answer);
  const stream = openEventStream(work.abandon, CALL_KEEP_ALIVE_MS);
  push = (text) => {
    if (stream.waiting() < MAX_WAITING) stream.send([{ data: text }]);
  };
  stream.send(early.map((data) => ({ data })));
  void work.answer.then(({ text }) => {
    stream.send([{ data: text }]);
    return stream.close();
  });
  return stream.response;
}
