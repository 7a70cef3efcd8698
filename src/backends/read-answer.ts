import { createParser } from "eventsource-parser";
import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId, RpcResponse } from "../core/json-rpc.ts";

/** An isolate has 128 MB, and clients cut results far below this. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** A response as it came and as it reads. */
export type Received = Readonly<{ text: string; value: RpcResponse }>;

export type AnswerExpected = Readonly<{
  wireId: RequestId;
  /** For messages: `the answer of backend "x"`. */
  what: string;
  /** Notifications, requests of the backend: everything on the stream that is not a response. */
  onMessage: (message: JsonObject) => void;
  /** Where there is one, it lets a stream end by itself after its answer: see `letEnd`. */
  waitUntil?: (work: Promise<unknown>) => void;
}>;

/** Servers end the stream with the answer; one that keeps it open longer than this keeps nobody. */
const END_WAIT_MS = 1_000;

/** `nothing`: the reply ended without a response to our request. */
export type Reply =
  | Readonly<{ kind: "response"; received: Received }>
  | Readonly<{
      kind: "nothing";
      text: string;
      lastEventId: string | undefined;
      retryMs: number | undefined;
    }>;

/** Throws what the stream throws when the connection breaks, and `too_large`. */
export async function readReply(response: Response, expected: AnswerExpected): Promise<Reply> {
  if (isEventStream(response)) return readEventStream(response, expected);
  const text = await readBoundedText(response, MAX_ANSWER_BYTES, expected.what);
  const value = parseObject(text);
  if (value === undefined || !isResponseTo(value, expected.wireId)) {
    return { kind: "nothing", text, lastEventId: undefined, retryMs: undefined };
  }
  return { kind: "response", received: { text, value } };
}

export function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

/** The first response with our id ends the stream; responses to others are dropped. */
async function readEventStream(
  response: Response,
  { wireId, what, onMessage, waitUntil }: AnswerExpected,
): Promise<Reply> {
  let found: Received | undefined;
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  let overflow = false;
  const parser = createParser({
    maxBufferSize: MAX_ANSWER_BYTES,
    onId: (id) => {
      lastEventId = id;
    },
    onRetry: (retry) => {
      retryMs = retry;
    },
    onError: (error) => {
      overflow ||= error.type === "max-buffer-size-exceeded";
    },
    onEvent: ({ event, data }) => {
      if (found !== undefined || (event !== undefined && event !== "message")) return;
      const value = parseObject(data);
      if (value === undefined) return;
      if (isResponseTo(value, wireId)) found = { text: data, value };
      else if (typeof value["method"] === "string") onMessage(value);
    },
  });
  const reader = response.body?.getReader();
  if (reader === undefined) return { kind: "nothing", text: "", lastEventId, retryMs };
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: "nothing", text: "", lastEventId, retryMs };
      parser.feed(decoder.decode(value, { stream: true }));
      if (overflow) {
        throw new GatewayError(
          "too_large",
          `Cannot read ${what}: it is larger than ${MAX_ANSWER_BYTES / 1024} KiB`,
        );
      }
      if (found !== undefined) return { kind: "response", received: found };
    }
  } finally {
    if (found !== undefined && waitUntil !== undefined) waitUntil(letEnd(reader));
    else void reader.cancel().catch(() => {}); // the backend may have closed it already
  }
}

/**
 * The end of a stream travels behind the answer. A stream that is cancelled before it closes its
 * connection, and the next call would have to open another one, TLS included.
 */
async function letEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const cancel = (): void => void reader.cancel().catch(() => {}); // it may be closed already
  const timer = setTimeout(cancel, END_WAIT_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // broken off after its answer: nothing is lost
  } finally {
    clearTimeout(timer);
  }
}

export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // not JSON: the caller of this knows what was expected instead
  }
}

/**
 * A JSON-RPC response to this id. An error without id answers it too: the server could not read
 * the id, and nothing else was asked on this connection (JSON-RPC 2.0 section 5).
 */
function isResponseTo(value: unknown, wireId: RequestId): value is RpcResponse {
  if (!isJsonObject(value)) return false;
  const { id, result, error } = value;
  if (isJsonObject(error)) {
    return (
      typeof error["code"] === "number" &&
      typeof error["message"] === "string" &&
      (id === wireId || id === null || id === undefined)
    );
  }
  return id === wireId && isJsonObject(result);
}
