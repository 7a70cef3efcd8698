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
export const MAX_WRITE = 8 * 1_024;
/**
 * Such a reader also takes 64 KiB at a time of what has piled up, wherever that ends. A pause after
 * each full write gives it 4 MiB a second, which a browser keeps up with, and costs tokens nothing.
 */
const GENTLE_PAUSE_MS = 2;

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
  /** The same for events that came as bytes, at most `MAX_WRITE` of them. */
  writeBytes: (events: Uint8Array) => Promise<void>;
  close: () => Promise<void>;
}>;

/** A page in a browser reads the stream, as Open WebUI's direct connections do. */
export function isPage(request: Request): boolean {
  return request.headers.has("origin");
}

/**
 * One write per call and 8 KiB, because a write costs workerd as much as ten parsed events. Silence
 * is filled with comments until `close`. `onLeft`: the client reads no more. `isGentle`: slow enough
 * for a page.
 */
export function openSseWriter(onLeft: () => void, isGentle = false): SseWriter {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let hasLeft = false;
  let isQuiet = true;
  let pending = 0;

  let sincePause = 0;

  async function put(bytes: Uint8Array): Promise<void> {
    if (hasLeft) return;
    isQuiet = false;
    pending += 1;
    try {
      await writer.write(bytes);
      sincePause += bytes.byteLength;
      if (isGentle && sincePause >= MAX_WRITE) {
        sincePause = 0;
        await new Promise((resolve) => setTimeout(resolve, GENTLE_PAUSE_MS));
      }
    } catch {
      stop();
      hasLeft = true;
      onLeft();
    } finally {
      pending -= 1;
    }
  }

  const timer = setInterval(() => {
    if (isQuiet && pending === 0) void put(encoder.encode(KEEP_ALIVE));
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
          await put(encoder.encode(text));
          text = "";
        }
        text += event;
      }
      if (text !== "") await put(encoder.encode(text));
    },
    writeBytes: put,
    async close() {
      stop();
      await writer.close().catch(() => {}); // the client has left already
    },
  };
}
