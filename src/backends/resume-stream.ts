import type { Fetch } from "../core/outbound.ts";
import { overPassed } from "./passed-headers.ts";
import { type AnswerExpected, isEventStream, readReply, type Reply } from "./read-answer.ts";

type Nothing = Extract<Reply, { kind: "nothing" }>;

/** A server that closes its stream this often without an answer has none. */
const MAX_RESUMES = 10;
const DEFAULT_RETRY_MS = 1_000;
/** The deadline of the call ends the waiting anyway; this keeps one `retry:` from eating it all. */
const MAX_RETRY_MS = 10_000;

/**
 * A legacy server may close the stream of a long call after an event with an id, and expects the
 * client back with `Last-Event-ID` (2025-11-25, basic/transports, SEP-1699).
 */
export async function resumeStream(
  closed: Nothing,
  expected: AnswerExpected,
  io: Readonly<{
    url: string;
    headers: Readonly<Record<string, string>>;
    /** Of the caller, as with the request itself. */
    passed: Headers | undefined;
    fetch: Fetch;
    signal: AbortSignal;
  }>,
): Promise<Reply> {
  let reply: Reply = closed;
  for (let attempt = 0; attempt < MAX_RESUMES; attempt += 1) {
    if (reply.kind === "response" || reply.lastEventId === undefined) return reply;
    await pause(Math.min(reply.retryMs ?? DEFAULT_RETRY_MS, MAX_RETRY_MS), io.signal);
    const { "content-type": _, ...headers } = io.headers;
    const response = await io.fetch(io.url, {
      headers: overPassed(io.passed, {
        ...headers,
        accept: "text/event-stream",
        "last-event-id": reply.lastEventId,
      }),
      signal: io.signal,
      redirect: "manual",
    });
    if (!response.ok || !isEventStream(response)) {
      await response.body?.cancel().catch(() => {}); // it does not resume: the first reply stands
      return closed;
    }
    const next: Reply = await readReply(response, expected);
    reply =
      next.kind === "response"
        ? next
        : {
            ...next,
            lastEventId: next.lastEventId ?? reply.lastEventId,
            retryMs: next.retryMs ?? reply.retryMs,
          };
  }
  return reply;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Error("aborted while waiting to resume"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
