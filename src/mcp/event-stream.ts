/** Proxies cut silent streams; 15 s is the shortest known limit, and a short one notices a client that left. */
const KEEP_ALIVE_MS = 2_000;
/** A call that nobody waits for is to stop within 2 s. */
export const CALL_KEEP_ALIVE_MS = 1_000;

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** One server-sent event; `id` lets a client take the stream up again after it. */
export type StreamEvent = Readonly<{ data: string; id?: string; retry?: number }>;

/** The writing end of one SSE response. Writes after its end are dropped. */
export type EventStream = Readonly<{
  response: Response;
  send: (events: readonly StreamEvent[]) => void;
  /** How many sends the client has not yet taken. */
  waiting: () => number;
  isOpen: () => boolean;
  /** Ends the response after what was written; settles when the client has it, or is gone. */
  close: () => Promise<void>;
}>;

/** `onGone`: the client left. A write to a closed stream is how workerd tells, so one is made often. */
export function openEventStream(
  onGone: () => void,
  keepAliveMs: number = KEEP_ALIVE_MS,
): EventStream {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let isOpen = true;
  let waiting = 0;
  // A write costs more than all else about an event: what comes at the same time is one.
  let gathered = "";
  let sends = 0;
  const end = (): void => {
    isOpen = false;
    clearInterval(keepAlive);
  };
  const flush = (): void => {
    if (sends === 0) return;
    const [text, taken] = [gathered, sends];
    gathered = "";
    sends = 0;
    writer
      .write(encoder.encode(text))
      .catch(() => {
        if (!isOpen) return;
        end();
        onGone();
      })
      .finally(() => {
        waiting -= taken;
      });
  };
  const write = (text: string): void => {
    if (!isOpen) return;
    if (sends === 0) queueMicrotask(flush);
    gathered += text;
    sends += 1;
    waiting += 1;
  };
  const keepAlive = setInterval(() => write(": keep-alive\n\n"), keepAliveMs);
  return {
    response: new Response(readable, { headers: STREAM_HEADERS }),
    send: (events) => {
      if (events.length > 0) write(events.map(toText).join(""));
    },
    waiting: () => waiting,
    isOpen: () => isOpen,
    close: async () => {
      if (!isOpen) return;
      flush();
      end();
      await writer.close().catch(() => {}); // the client left between the last event and the end
    },
  };
}

function toText({ data, id, retry }: StreamEvent): string {
  // A newline inside pretty-printed JSON would end the field.
  const line = data.includes("\n") ? data.replaceAll(/\r?\n/g, " ") : data;
  const head =
    (id === undefined ? "" : `id: ${id}\n`) + (retry === undefined ? "" : `retry: ${retry}\n`);
  return `event: message\n${head}data: ${line}\n\n`;
}
