import type { JsonObject } from "../core/json.ts";
import { afterTimeout } from "../core/patience.ts";
import { within } from "../core/within.ts";
import type { ConnectorLine } from "./connector-line.ts";
import type { Connection, ConnectTarget, Opened } from "./connection.ts";
import { discover, initialize } from "./open-http.ts";

/** A program may have to be fetched from a registry first, and asks nothing while it is. */
export const START_TIMEOUT_MS = 60_000;
/** One that runs and knows the question has answered by then; some that do not say nothing at all. */
const DISCOVER_WAIT_MS = 2_000;
/** The answer of one that was still starting has come before its answer to what was asked later. */
const LATE_MS = 100;

/** What a handshake with one start of a local server found out: it is not asked a second time. */
export type Handshake = Readonly<{ run: string; connection: Connection }>;

/**
 * Finds the era of a local server and opens a connection over its line. Modern is asked first, as
 * over HTTP; but here silence is an answer too, because a pipe has no status that says "unknown".
 */
export async function openConnector(
  target: ConnectTarget,
  line: ConnectorLine,
  {
    capabilities,
    wasLegacy,
    known,
  }: Readonly<{
    capabilities: JsonObject | undefined;
    wasLegacy: boolean;
    known: Handshake | undefined;
  }>,
): Promise<Opened> {
  if (known?.run === line.run) return { connection: known.connection, sessionId: undefined };
  const io = { fetch: line.fetch, stepMs: START_TIMEOUT_MS };
  const asked = wasLegacy ? Promise.resolve(undefined) : discover(target, io);
  const modern = await within(DISCOVER_WAIT_MS, asked, afterTimeout);
  if (modern !== undefined) return modern;
  try {
    const { connection } = await initialize(target, { ...io, capabilities });
    // One session for all: what it is asked may depend on what it was told before.
    return { connection: { ...connection, sessionful: true }, sessionId: undefined };
  } catch (error) {
    const late = await within(LATE_MS, asked, afterTimeout);
    if (late !== undefined) return late;
    throw error;
  }
}
