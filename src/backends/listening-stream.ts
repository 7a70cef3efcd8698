import { createParser } from "eventsource-parser";
import type { JsonObject } from "../core/json.ts";
import { parseObject } from "./read-answer.ts";

/** A notification or a question; nothing that says more in one message is either. */
const MAX_MESSAGE_LENGTH = 1024 * 1024;

/** Why a listening stream is over, or never began. */
export type StreamEnd = Readonly<{
  /**
   * `none`: this backend has no such stream. `doubtful`: it has none, or no longer knows the
   * session. `unauthorized`: the credential is refused. `broken`: it may be opened again.
   */
  why: "none" | "doubtful" | "unauthorized" | "broken";
  lastEventId?: string | undefined;
  retryMs?: number | undefined;
}>;

/** A stream that a backend keeps open for what belongs to no request. Nothing of it ever rejects. */
export type ListeningStream = Readonly<{
  /** The backend has accepted it, or it is over. */
  opened: Promise<void>;
  ended: Promise<StreamEnd>;
  close: () => void;
}>;

export function openListeningStream(
  send: (signal: AbortSignal) => Promise<Response>,
  on: Readonly<{
    /** Why this response is not the stream; undefined when it is. */
    judge: (response: Response) => StreamEnd["why"] | undefined | Promise<StreamEnd["why"]>;
    onMessage: (message: JsonObject) => void;
  }>,
): ListeningStream {
  const abort = new AbortController();
  const opened = Promise.withResolvers<void>();
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  const read = async (): Promise<StreamEnd> => {
    try {
      const response = await send(abort.signal);
      const why = await on.judge(response);
      if (why !== undefined) {
        await response.body?.cancel().catch(() => {}); // nothing of it is used
        return { why };
      }
      opened.resolve();
      const parser = createParser({
        // Over this the parser throws, and the stream is opened anew.
        maxBufferSize: MAX_MESSAGE_LENGTH,
        onId: (id) => {
          lastEventId = id;
        },
        onRetry: (retry) => {
          retryMs = retry;
        },
        onEvent: ({ event, data }) => {
          const isMessage = event === undefined || event === "message";
          const message = isMessage ? parseObject(data) : undefined;
          if (message !== undefined && !abort.signal.aborted) on.onMessage(message);
        },
      });
      const decoder = new TextDecoder();
      const reader = response.body?.getReader();
      for (;;) {
        const next = await reader?.read();
        if (next?.value === undefined) break;
        parser.feed(decoder.decode(next.value, { stream: true }));
      }
    } catch {
      // broken off, or closed by us: either way it is over
    } finally {
      abort.abort();
      opened.resolve();
    }
    return { why: "broken", lastEventId, retryMs };
  };
  return { opened: opened.promise, ended: read(), close: () => abort.abort() };
}
