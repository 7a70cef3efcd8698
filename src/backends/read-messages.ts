import { createParser } from "eventsource-parser";
import type { JsonObject } from "../core/json.ts";
import { MAX_ANSWER_BYTES, parseObject } from "./read-answer.ts";

export type StreamReader = Readonly<{
  onMessage: (text: string, message: JsonObject) => void;
  /** Events of another name. */
  onEvent?: (name: string, data: string) => void;
  onId?: (id: string) => void;
  onRetry?: (ms: number) => void;
  /** Something came, if only a comment. */
  onBytes?: () => void;
}>;

/** Reads an event stream of JSON-RPC messages to its end; throws what the stream throws. */
export async function readMessages(response: Response, on: StreamReader): Promise<void> {
  const parser = createParser({
    // Over this the parser throws, and the stream is given up.
    maxBufferSize: MAX_ANSWER_BYTES,
    onEvent: ({ event, data }) => {
      if (event !== undefined && event !== "message") return on.onEvent?.(event, data);
      const message = parseObject(data);
      if (message !== undefined) on.onMessage(data, message);
    },
    onId: (id) => on.onId?.(id),
    onRetry: (ms) => on.onRetry?.(ms),
  });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (read?.value === undefined) return;
    on.onBytes?.();
    parser.feed(decoder.decode(read.value, { stream: true }));
  }
}
