import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Backoff } from "../shell/backoff.ts";
import { isOk } from "./gateway-answer.ts";
import { STREAM_HEADERS, type GatewayDoor } from "./gateway-door.ts";
import { NoAnswer } from "./stdio-errors.ts";

/** A gateway that comes back later has given up the call: it waits as long for its client. */
const RESUME_MS = 30_000;
const RESUME_TIMES = { firstMs: 500, maxMs: 5_000 };
/** A stream that is closed this often without a message has none. */
const MAX_IN_VAIN = 600;

/** What is known of a stream that ended before its answer. */
export type BrokenStream = Readonly<{
  lastEventId: string | undefined;
  /** What the gateway asked to wait. */
  retryMs: number | undefined;
  /** Messages so far. */
  heard: number;
  isAnswered: boolean;
}>;

/** A stream that ended early goes on at its last event (2025-11-25, basic/transports, resumability). */
export async function resumeAnswer(
  door: GatewayDoor,
  {
    state,
    headers,
    read,
    signal,
  }: Readonly<{
    state: () => BrokenStream;
    headers: () => Readonly<Record<string, string>>;
    read: (response: IncomingMessage) => Promise<void>;
    signal: AbortSignal;
  }>,
): Promise<void> {
  const backoff = new Backoff(RESUME_TIMES);
  let connectedAt = performance.now();
  let inVain = 0;
  for (;;) {
    const { lastEventId, retryMs, heard, isAnswered } = state();
    if (isAnswered || lastEventId === undefined) return;
    if (inVain >= MAX_IN_VAIN || performance.now() - connectedAt > RESUME_MS) return;
    await pause(retryMs ?? backoff.next(), undefined, { signal });
    try {
      const response = await door.send({
        method: "GET",
        headers: { ...STREAM_HEADERS, ...headers(), "last-event-id": lastEventId },
        signal,
      });
      if (!isOk(response)) {
        response.resume();
        return;
      }
      await read(response).finally(() => {
        connectedAt = performance.now();
      });
    } catch (error) {
      if (signal.aborted || error instanceof NoAnswer) throw error;
    }
    inVain = state().heard > heard ? 0 : inVain + 1;
  }
}
