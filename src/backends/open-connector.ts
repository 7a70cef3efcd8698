import type { JsonObject } from "../core/json.ts";
import type { ConnectorLine } from "./connector-line.ts";
import type { Connection, ConnectTarget, Opened } from "./connection.ts";
import { discover, initialize } from "./open-http.ts";

/** A program may have to be fetched from a registry first, and asks nothing while it is. */
export const START_TIMEOUT_MS = 60_000;
/** One that knows the question answers at once; many that do not say nothing at all. */
const DISCOVER_TIMEOUT_MS = 5_000;

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
  if (!wasLegacy) {
    const io = { fetch: line.fetch, stepMs: DISCOVER_TIMEOUT_MS };
    const modern = await discover(target, io).catch(() => undefined); // silent, or gone: see below
    if (modern !== undefined) return modern;
  }
  const io = { fetch: line.fetch, capabilities, stepMs: START_TIMEOUT_MS };
  const { connection } = await initialize(target, io);
  // One session for all: what it is asked may depend on what it was told before.
  return { connection: { ...connection, sessionful: true }, sessionId: undefined };
}
