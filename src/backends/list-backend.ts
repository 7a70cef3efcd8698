import type { BackendOrder } from "../config/backend-order.ts";
import { withDeadline } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { BackendMemory } from "./backend-memory.ts";
import { builtinListing } from "./builtin.ts";
import { type Collected, collectListing, listingHash } from "./collect-listing.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { HANDSHAKE_LIMIT_MS, type LiveConnection } from "./live-connection.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import { type BackendRequest, LISTING_CAPABILITIES } from "./wire.ts";

/** All pages of all lists together: a backend that trickles is not listed. */
const LISTING_TIMEOUT_MS = 30_000;
/** Connecting and listing, and both once more when the session was lost. */
export const LIST_LIMIT_MS = 2 * (HANDSHAKE_LIMIT_MS + LISTING_TIMEOUT_MS);

export type ListingIo = Readonly<{
  memory: BackendMemory;
  connection: Pick<LiveConnection, "ensure" | "lease" | "disconnect" | "refuse">;
  send: (lease: Lease, request: BackendRequest, signal: AbortSignal) => Promise<Answer>;
}>;

/** What a backend offers now, over the connection of its object, which is made anew when lost. */
export async function listBackend({ config }: BackendOrder, io: ListingIo): Promise<Collected> {
  if (config.transport.kind === "builtin") {
    const content = builtinListing(config.transport.builtin);
    return { listing: { hash: await listingHash(content), ...content }, ttlMs: undefined };
  }
  try {
    return await collectOnce(io);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    if (error.reason === "unauthorized") io.connection.refuse(error);
    else io.connection.disconnect();
  }
  try {
    return await collectOnce(io);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    if (error.reason === "unauthorized") {
      io.connection.refuse(error);
      await io.connection.ensure({ patient: true }); // a login that is over says so
    }
    const reason =
      error.reason === "session" ? "forgets its sessions at once" : "refuses the credential";
    throw new GatewayError(
      "backend_unavailable",
      `Cannot connect: backend "${config.name}" ${reason}`,
    );
  }
}

async function collectOnce({ memory, connection: live, send }: ListingIo): Promise<Collected> {
  await live.ensure({ patient: true });
  const { connection } = memory.kept;
  if (connection === undefined)
    throw new GatewayError("cancelled", "Cannot connect: disconnected meanwhile");
  const lease = live.lease(STEP_TIMEOUT_MS);
  return withDeadline(LISTING_TIMEOUT_MS, (signal) =>
    collectListing(connection, (method: string, params: JsonObject) =>
      send(
        lease,
        { id: 1, method, params, action: "connect", capabilities: LISTING_CAPABILITIES },
        signal,
      ),
    ),
  );
}
