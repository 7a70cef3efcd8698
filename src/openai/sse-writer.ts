/**
 * Proxies close silent streams, the shortest known after 15 s; and only a write that fails tells
 * workerd that the client has left, so a short time ends model and tools within a second. Silence
 * is noticed at the second look after a write: it lasts up to twice as long.
 */
const KEEP_ALIVE_MS = 400;
const KEEP_ALIVE = ": keep-alive\n\n";
/** Events stay whole in one write; a larger one gains nothing. */
const MAX_WRITE = 64 * 1_024;
/**
 * Open WebUI's direct connections split each network read into lines without a buffer, and lose an
 * event that is cut. So a page gets writes that come in one piece, and a pause after each full one:
 * what piles up is read 64 KiB at a time, wherever that ends. 2 MiB a second is what a browser keeps
 * up with, and tokens are never as fast.
 */
const MAX_GENTLE_WRITE = 8 * 1_024;
const GENTLE_PAUSE_MS = 4;
/** Units of text; what is written of one read is rarely more. */
const SMALL_WRITE = 5_000;
/** UTF-8 needs no more for a unit. */
const BYTES_PER_UNIT = 3;

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
  /** The same for events that came as bytes, at most `maxWrite` of them. */
  writeBytes: (events: Uint8Array) => Promise<void>;
  maxWrite: number;
  close: () => Promise<void>;
}>;

/** A page in a browser reads the stream, as Open WebUI's direct connections do. */
export function isPage(request: Request): boolean {
  return request.headers.has("origin");
}

/**
 * As few writes as can be, because a write costs workerd as much as ten parsed events. Silence
 * is filled with comments until `close`. `onLeft`: the client reads no more. `isGentle`: slow enough
 * for a page.
 */
export function openSseWriter(onLeft: () => void, isGentle = false): SseWriter {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const maxWrite = isGentle ? MAX_GENTLE_WRITE : MAX_WRITE;
  /** Used again and again: the memory for a small write costs as much as all else about it. */
  let place: Uint8Array | undefined;
  let hasLeft = false;
  let isQuiet = true;
  let pending = 0;
  let sincePause = 0;

  /** Not `async`: this is done for every read of a provider. */
  function put(bytes: Uint8Array): Promise<void> {
    if (hasLeft) return Promise.resolve();
    isQuiet = false;
    pending += 1;
    const written = writer.write(bytes).then(onWritten, onFailed);
    return isGentle ? written.then(() => pauseAfter(bytes.byteLength)) : written;
  }

  function onWritten(): void {
    pending -= 1;
  }

  function onFailed(): void {
    pending -= 1;
    stop();
    hasLeft = true;
    onLeft();
  }

  async function pauseAfter(size: number): Promise<void> {
    sincePause += size;
    if (sincePause < MAX_GENTLE_WRITE) return;
    sincePause = 0;
    await new Promise((resolve) => setTimeout(resolve, GENTLE_PAUSE_MS));
  }

  /** A write is over when its bytes have been taken; while one is under way its place is too. */
  function putText(text: string): Promise<void> {
    if (pending > 0 || text.length > SMALL_WRITE) return put(encoder.encode(text));
    place ??= new Uint8Array(SMALL_WRITE * BYTES_PER_UNIT);
    return put(place.subarray(0, encoder.encodeInto(text, place).written));
  }

  async function putParts(events: readonly string[]): Promise<void> {
    let text = "";
    for (const event of events) {
      if (text !== "" && text.length + event.length > maxWrite) {
        // oxlint-disable-next-line no-await-in-loop -- in order, and as fast as the client reads
        await putText(text);
        text = "";
      }
      text += event;
    }
    await putText(text);
  }

  const timer = setInterval(() => {
    if (isQuiet && pending === 0) void put(encoder.encode(KEEP_ALIVE));
    isQuiet = true;
  }, KEEP_ALIVE_MS);
  const stop = (): void => clearInterval(timer);

  return {
    readable,
    write(events) {
      const text = events.length === 1 ? (events[0] ?? "") : events.join("");
      if (text === "") return Promise.resolve();
      return text.length <= maxWrite ? putText(text) : putParts(events);
    },
    writeBytes: put,
    maxWrite,
    async close() {
      stop();
      await writer.close().catch(() => {}); // the client has left already
    },
  };
}
