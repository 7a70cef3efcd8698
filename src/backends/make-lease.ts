import type { BackendOrder } from "../config/backend-order.ts";
import { HOP_HEADER } from "../core/hop.ts";
import { type Connection, type ConnectTarget, requestHeaders } from "./connection.ts";
import { type Lease, LEASE_LIFE_MS } from "./lease.ts";

/** What the Worker needs to speak to a connected backend, complete: it copies nothing per call. */
export function makeLease(
  order: BackendOrder,
  target: ConnectTarget,
  live: Readonly<{
    revision: number;
    connection: Connection;
    sessionId: string | undefined;
    timeoutMs: number;
    now: number;
    /** Epoch ms: of the token among its headers. */
    tokenExpires?: number | undefined;
  }>,
): Lease {
  const { era, protocolVersion } = live.connection;
  const { kind } = order.config.transport;
  const isStream = kind === "sse" || kind === "stdio";
  // A gateway that is its own backend is found out by the handshake; calls need not carry it.
  const { [HOP_HEADER]: _, ...headers } = requestHeaders(target, protocolVersion, live.sessionId);
  return {
    backend: order.config.name,
    revision: live.revision,
    // The stream of HTTP+SSE and the socket of a connector are the object's.
    lane: isStream ? "object" : "direct",
    era,
    protocolVersion,
    url: target.url,
    headers,
    // All calls on a stream share its ids, as they share those of a session.
    sessionId: isStream ? "stream" : live.sessionId,
    privateOrigins: order.privateOrigins,
    timeoutMs: live.timeoutMs,
    expires: Math.min(live.now + LEASE_LIFE_MS, live.tokenExpires ?? Infinity),
  };
}
