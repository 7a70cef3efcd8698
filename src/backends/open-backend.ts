import type { BackendOrder } from "../config/backend-order.ts";
import { withDeadline } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { type Connection, type ConnectTarget, type Opened, requestHeaders } from "./connection.ts";
import type { ConnectorLine } from "./connector-line.ts";
import { type Handshake, openConnector } from "./open-connector.ts";
import { initialize, openHttp, STEP_TIMEOUT_MS } from "./open-http.ts";
import { type OnStray, openSse, type SseConnection } from "./open-sse.ts";
import type { Fetch } from "../core/outbound.ts";

export type OpenBackend = Opened & Readonly<{ stream: SseConnection | undefined }>;

/** serverInfo, capabilities and instructions: kept in one row and read by every client. */
const MAX_INTRODUCTION_LENGTH = 256 * 1_024;

/** Connects to a remote backend by the transport its order names. */
export async function openBackend(
  { config }: BackendOrder,
  target: ConnectTarget,
  io: Readonly<{
    fetch: Fetch;
    /** Found legacy lately: asking for the modern era would be a request in vain. */
    wasLegacy: boolean;
    /** Declared to a legacy backend; undefined: nothing. */
    capabilities: JsonObject | undefined;
    isOneUsers: boolean;
    /** What a connector brings; undefined while it is not there. */
    line: ConnectorLine | undefined;
    /** The last handshake over a line. */
    handshake: Handshake | undefined;
    /** A legacy session there is, before it is told `initialized`. */
    onSession: (begun: Opened) => Promise<void>;
    /** The stream is over, whoever ended it. */
    onClose: (stream: SseConnection) => void;
    /** On that stream, and of no call. */
    onMessage: OnStray;
  }>,
): Promise<OpenBackend> {
  if (config.transport.kind === "stdio") {
    const { line } = io;
    if (line === undefined) throw connectorMissing(config.name);
    const opened = await openConnector(target, line, { ...io, known: io.handshake });
    requireShortIntroduction(opened.connection, config.name);
    return { ...opened, stream: line };
  }
  if (config.transport.kind !== "sse") {
    const opened = await openHttp(target, io.wasLegacy ? "legacy" : undefined, io);
    requireShortIntroduction(opened.connection, config.name);
    return { ...opened, stream: undefined };
  }
  const stream = await openSse(target, { ...io, onClose: () => io.onClose(stream) });
  try {
    const { connection } = await initialize(target, { ...io, fetch: stream.fetch });
    requireShortIntroduction(connection, config.name);
    // The stream is the session: one of its own for every user.
    return { connection: { ...connection, sessionful: true }, sessionId: undefined, stream };
  } catch (error) {
    stream.close();
    throw error;
  }
}

export function connectorMissing(backend: BackendName, reason?: string): GatewayError {
  return reason === undefined
    ? new GatewayError(
        "backend_offline",
        `Cannot connect: backend "${backend}" needs the connector, which is not connected`,
      )
    : new GatewayError(
        "backend_offline",
        `Cannot connect: the local server of backend "${backend}" is not running: ${reason}`,
      );
}

function requireShortIntroduction(connection: Connection, backend: BackendName): void {
  if (JSON.stringify(connection).length <= MAX_INTRODUCTION_LENGTH) return;
  const limit = `${MAX_INTRODUCTION_LENGTH / 1_024} KiB`;
  throw new GatewayError(
    "backend_failed",
    `Cannot connect: backend "${backend}" introduces itself with more than ${limit}`,
  );
}

/** Tells a backend that its session is over (2025-11-25, basic/transports). */
export async function endSession(
  target: ConnectTarget,
  session: Readonly<{ protocolVersion: string; sessionId: string }>,
  fetch: Fetch,
): Promise<void> {
  const headers = requestHeaders(target, session.protocolVersion, session.sessionId);
  await withDeadline(STEP_TIMEOUT_MS, async (signal) => {
    const response = await fetch(target.url, {
      method: "DELETE",
      headers,
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
  });
}
