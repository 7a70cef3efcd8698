/**
 * Proxies close silent streams, the shortest known after 15 s; and only a write that fails tells
 * workerd that the client has left, so a short time ends model and tools within a second.
 */
const KEEP_ALIVE_MS = 800;
const KEEP_ALIVE = ": keep-alive\n\n";
/**
 * Events stay whole in one write and writes near 8 KiB: Open WebUI's direct connections split each
 * network read into lines without a buffer, and lose an event that is cut.
 */
const MAX_WRITE = 8 * 1_024;

export const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  // A development proxy compresses and so buffers streams that do not forbid it.
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** The writing end of an event stream to a client. */
export type SseWriter = Readonly<{
  readable: ReadableStream<Uint8Array>;
  /** Whole events, each with its blank line. Resolves when the client has taken them. */
  write: (events: readonly string[]) => Promise<void>;
  close: () => Promise<void>;
}>;

/**
 * One write per call and 8 KiB, because a write costs workerd as much as ten parsed events. Silence
 * is filled with comments until `close`. `onLeft`: the client reads no more.
 */
export function openSseWriter(onLeft: () => void): SseWriter {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let hasLeft = false;
  let isQuiet = true;
  let pending = 0;

  async function put(text: string): Promise<void> {
    if (hasLeft) return;
    isQuiet = false;
    pending += 1;
    try {
      await writer.write(encoder.encode(text));
    } catch {
      stop();
      hasLeft = true;
      onLeft();
    } finally {
      pending -= 1;
    }
  }

  const timer = setInterval(() => {
    if (isQuiet && pending === 0) void put(KEEP_ALIVE);
    isQuiet = true;
  }, KEEP_ALIVE_MS);
  const stop = (): void => clearInterval(timer);

  return {
    readable,
    async write(events) {
      let text = "";
      for (const event of events) {
        if (text !== "" && text.length + event.length > MAX_WRITE) {
          // oxlint-disable-next-line no-await-in-loop -- in order, and as fast as the client reads
          await put(text);
          text = "";
        }
        text += event;
      }
      if (text !== "") await put(text);
    },
    async close() {
      stop();
      await writer.close().catch(() => {}); // the client has left already
    },
  };
}
