import { setTimeout as pause } from "node:timers/promises";
import { Backoff } from "../shell/backoff.ts";
import { STREAM_HEADERS, type GatewayDoor } from "./gateway-door.ts";
import { isOk, readAnswer } from "./gateway-answer.ts";
import { reasonOf } from "./gateway-sender.ts";
import type { LegacySession } from "./legacy-session.ts";
import type { StdioLog } from "./stdio-log.ts";

/** A gateway that restarts is there again in a second; one that is gone is not asked for much. */
const AGAIN_TIMES = { firstMs: 1_000, maxMs: 30_000 };
/** What a gateway may ask us to wait before we come back. */
const MAX_RETRY_MS = 60_000;

/**
 * The stream of a legacy session for what belongs to none of its requests. It is opened again for
 * as long as the session lives, and goes on where it broke.
 */
export async function followServerStream(
  { door, session, log }: Readonly<{ door: GatewayDoor; session: LegacySession; log: StdioLog }>,
  {
    onText,
    signal,
  }: Readonly<{ onText: (text: string) => Promise<void> | void; signal: AbortSignal }>,
): Promise<void> {
  const backoff = new Backoff(AGAIN_TIMES);
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  while (!signal.aborted) {
    const { id } = session;
    retryMs = undefined;
    try {
      const resumed = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
      const response = await door.send({
        method: "GET",
        headers: { ...STREAM_HEADERS, ...session.headers, ...resumed },
        signal,
      });
      const { statusCode = 0 } = response;
      if (isOk(response)) {
        backoff.up();
        await readAnswer(response, {
          onText,
          onId: (event) => {
            lastEventId = event;
          },
          onRetry: (ms) => {
            retryMs = Math.min(ms, MAX_RETRY_MS);
          },
        });
      } else {
        response.resume();
        lastEventId = undefined;
        // It has no such stream.
        if (statusCode === 405 || statusCode === 406 || statusCode === 501) return;
        if (statusCode === 404 && id !== undefined) await session.reopen(id);
      }
    } catch (error) {
      if (!signal.aborted) log.debug(`the stream of the session broke: ${reasonOf(error)}`);
    }
    await pause(retryMs ?? backoff.next(), undefined, { signal }).catch(() => {}); // it was stopped
  }
}
