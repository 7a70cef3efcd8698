import type { BackendOrder } from "../config/backend-order.ts";
import type { UserId } from "../core/ids.ts";
import { release } from "../core/outcome.ts";
import type { BackendStub } from "./backend-stub.ts";
import { builtinUrl } from "./builtin.ts";
import { type Lease, LEASE_LIFE_MS } from "./lease.ts";

export interface LeaseSource {
  /** The lease this isolate already has, without waiting; undefined means: ask `lease`. */
  held(order: BackendOrder, userId: UserId, sessionful: boolean): Lease | undefined;
  lease(order: BackendOrder, userId: UserId, sessionful: boolean): Promise<Lease>;
  /** The backend no longer honours it: the next `lease` makes the object connect anew. */
  drop(lease: Lease, order: BackendOrder, userId: UserId): void;
}

export type LeaseSourceDeps = Readonly<{
  /** A stub belongs to the request that made it, so one is made for each use. */
  stub: (objectName: string) => Pick<BackendStub, "lease">;
  /** Of the request at hand. */
  waitUntil: (work: Promise<unknown>) => void;
  now: () => number;
}>;

/** In the last part of its life a lease in use is renewed beside the call, so no call waits. */
const RENEW_BEFORE_MS = 2_500;
/** Backends × users of one isolate; the oldest go first and are simply asked for again. */
const MAX_HELD = 2_000;

type Entry = {
  readonly lease: Lease;
  readonly configVersion: number;
  renewing: boolean;
};

/**
 * What an isolate remembers of its leases. Nothing here is awaited across requests: a promise of a
 * request that has ended may never settle in workerd. Whoever finds nothing asks the object, which
 * makes one handshake of all that ask.
 */
export function createLeaseSource(deps: LeaseSourceDeps): LeaseSource {
  const held = new Map<string, Entry>();
  const lost = new Map<string, number>();

  async function ask(
    order: BackendOrder,
    name: string,
    role: "shared" | "session",
  ): Promise<Lease> {
    const revision = lost.get(name);
    const reply = await deps
      .stub(name)
      .lease(order, revision === undefined ? { role } : { role, lost: revision });
    const lease = release(reply);
    lost.delete(name);
    held.delete(name);
    held.set(name, { lease, configVersion: order.configVersion, renewing: false });
    const [oldest] = held.keys();
    if (held.size > MAX_HELD && oldest !== undefined) held.delete(oldest);
    return lease;
  }

  function renew(order: BackendOrder, name: string, entry: Entry): void {
    entry.renewing = true;
    const role = name === order.config.name ? "shared" : "session";
    deps.waitUntil(
      ask(order, name, role).catch(() => {
        entry.renewing = false; // the call that finds no lease reports the reason
      }),
    );
  }

  return {
    held(order, userId, sessionful) {
      const { transport } = order.config;
      if (transport.kind === "builtin") return builtinLease(order, transport.builtin, deps.now());
      const name = objectName(order, userId, sessionful);
      const entry = held.get(name);
      if (entry === undefined || entry.configVersion !== order.configVersion) return undefined;
      const left = entry.lease.expires - deps.now();
      if (left <= 0) {
        held.delete(name);
        return undefined;
      }
      if (left < RENEW_BEFORE_MS && !entry.renewing) renew(order, name, entry);
      return entry.lease;
    },

    async lease(order, userId, sessionful) {
      const { transport } = order.config;
      if (transport.kind === "builtin") return builtinLease(order, transport.builtin, deps.now());
      const name = objectName(order, userId, sessionful);
      if (name !== order.config.name) return ask(order, name, "session");
      const lease = await ask(order, name, "shared");
      const own = objectName(order, userId, lease.sessionId !== undefined);
      if (own === name) return lease;
      // Not yet reported as sessionful: this session is not for callers.
      held.delete(name);
      return ask(order, own, "session");
    },

    drop(lease, order, userId) {
      const name = objectName(order, userId, lease.sessionId !== undefined);
      if (held.get(name)?.lease.revision === lease.revision) held.delete(name);
      lost.set(name, lease.revision);
      const [oldest] = lost.keys();
      if (lost.size > MAX_HELD && oldest !== undefined) lost.delete(oldest);
    },
  };
}

/** A backend's session may hold state, so it belongs to one user. */
export function objectName(order: BackendOrder, userId: UserId, sessionful: boolean): string {
  const { name, session } = order.config;
  return sessionful && session === "per-user" ? `${name}/${userId}` : name;
}

function builtinLease(order: BackendOrder, builtin: "time", now: number): Lease {
  return {
    backend: order.config.name,
    revision: 0,
    lane: "builtin",
    era: "legacy",
    protocolVersion: "2025-11-25",
    url: builtinUrl(builtin),
    headers: {},
    sessionId: undefined,
    privateOrigins: [],
    timeoutMs: order.config.timeoutMs,
    expires: now + LEASE_LIFE_MS,
  };
}
