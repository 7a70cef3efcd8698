import type { BackendOrder, BackendStarter } from "../config/backend-order.ts";
import type { Listing } from "../catalog/listing.ts";
import { type ErrorCode, GatewayError } from "../core/errors.ts";
import type { Lease } from "./lease.ts";

/** What the Worker asks of a backend's object. */
export interface BackendStub extends BackendStarter {
  /** Connects when needed; callers at the same time share one handshake. */
  lease(order: BackendOrder, ask: LeaseAsk): Promise<LeaseReply>;
  listing(): Promise<Listing | undefined>;
  /** Something went wrong on the direct lane: look at the backend soon. */
  refresh(): Promise<void>;
  /** Lane `object`: one JSON-RPC message in, one Streamable HTTP response out. */
  fetch(request: Request): Promise<Response>;
}

export type LeaseAsk = Readonly<{
  /** `session`: the object of one user, which keeps no listing and reports nothing. */
  role: "shared" | "session";
  /** The revision of a lease that the backend no longer honours. */
  lost?: number;
}>;

/** Plain data: a class does not survive the hop between objects. */
export type LeaseReply =
  | Readonly<{ kind: "lease"; lease: Lease }>
  | Readonly<{ kind: "failed"; code: ErrorCode; message: string; retryAfter: number | undefined }>;

export function requireLease(reply: LeaseReply): Lease {
  if (reply.kind === "lease") return reply.lease;
  const { code, message, retryAfter } = reply;
  throw new GatewayError(code, message, retryAfter === undefined ? {} : { retryAfter });
}
