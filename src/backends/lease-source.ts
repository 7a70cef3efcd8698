import type { BackendOrder } from "../config/backend-order.ts";
import type { UserId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { release } from "../core/outcome.ts";
import type { BackendRole, BackendStub, LeaseAsk } from "./backend-stub.ts";
import type { BuiltinName } from "../config/gateway-config.ts";
import { builtinUrl } from "./builtin.ts";
import { type Lease, LEASE_LIFE_MS, type LeaseLost } from "./lease.ts";
import { isPersonal, personalObject } from "./login-names.ts";

/** Whose connection a lease is for. */
export type LeaseHolder = Readonly<{
  userId: UserId;
  /** Of their accounts at a backend, where it is not the one without a name. */
  account?: string | undefined;
  /** Whether the backend keeps sessions, as far as is known. */
  sessionful: boolean;
  /** A client with a session of its own at the backend, because the backend may ask it something. */
  client?: Readonly<{ key: string; capabilities: JsonObject }>;
}>;

export interface LeaseSource {
  /** The lease this isolate already has, without waiting; undefined means: ask `lease`. */
  held(order: BackendOrder, holder: LeaseHolder): Lease | undefined;
  lease(order: BackendOrder, holder: LeaseHolder): Promise<Lease>;
  /** The backend no longer honours it: the next `lease` makes the object connect anew. */
  drop(lease: Lease, order: BackendOrder, holder: LeaseHolder, why?: LeaseLost): void;
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
  const lost = new Map<string, Readonly<{ revision: number; refused: LeaseAsk["refused"] }>>();

  async function ask(order: BackendOrder, name: string, holder: LeaseHolder): Promise<Lease> {
    const gone = lost.get(name);
    const role = roleOf(order, name, holder);
    const capabilities = role === "session" ? holder.client?.capabilities : undefined;
    const reply = await deps.stub(name).lease(order, {
      role,
      ...(gone === undefined ? {} : { lost: gone.revision }),
      ...(gone?.refused === undefined ? {} : { refused: gone.refused }),
      ...(capabilities === undefined ? {} : { capabilities }),
    });
    const lease = release(reply);
    lost.delete(name);
    held.delete(name);
    held.set(name, { lease, configVersion: order.configVersion, renewing: false });
    const [oldest] = held.keys();
    if (held.size > MAX_HELD && oldest !== undefined) held.delete(oldest);
    return lease;
  }

  function renew(
    order: BackendOrder,
    { name, entry, holder }: Readonly<{ name: string; entry: Entry; holder: LeaseHolder }>,
  ): void {
    entry.renewing = true;
    deps.waitUntil(
      ask(order, name, holder).catch(() => {
        entry.renewing = false; // the call that finds no lease reports the reason
      }),
    );
  }

  return {
    held(order, holder) {
      const { transport } = order.config;
      if (transport.kind === "builtin") return builtinLease(order, transport.builtin, deps.now());
      const name = objectName(order, holder);
      const entry = held.get(name);
      if (entry === undefined || entry.configVersion !== order.configVersion) return undefined;
      const left = entry.lease.expires - deps.now();
      if (left <= 0) {
        held.delete(name);
        return undefined;
      }
      if (left < RENEW_BEFORE_MS && !entry.renewing) renew(order, { name, entry, holder });
      return entry.lease;
    },

    async lease(order, holder) {
      const { transport } = order.config;
      if (transport.kind === "builtin") return builtinLease(order, transport.builtin, deps.now());
      const name = objectName(order, holder);
      const lease = await ask(order, name, holder);
      if (roleOf(order, name, holder) === "session") return lease;
      const own = objectName(order, { ...holder, sessionful: lease.sessionId !== undefined });
      if (own === name) return lease;
      // Not yet reported as sessionful: this session is not for callers.
      held.delete(name);
      return ask(order, own, holder);
    },

    drop(lease, order, holder, why) {
      const name = objectName(order, { ...holder, sessionful: lease.sessionId !== undefined });
      if (held.get(name)?.lease.revision === lease.revision) held.delete(name);
      const { wantsLogin } = why ?? { wantsLogin: false };
      const refused = why?.reason === "unauthorized" ? { wantsLogin } : undefined;
      lost.set(name, { revision: lease.revision, refused });
      const [oldest] = lost.keys();
      if (lost.size > MAX_HELD && oldest !== undefined) lost.delete(oldest);
    },
  };
}

/**
 * A backend's session may hold state, so it belongs to one user; and what a client can do is told
 * once, at `initialize`, so a client that can be asked has a session for itself.
 */
export function objectName(
  order: BackendOrder,
  { userId, account, sessionful, client }: LeaseHolder,
): string {
  const { name, session } = order.config;
  if (isPersonal(order.config)) {
    const own = personalObject(name, account, userId);
    return sessionful && client !== undefined ? `${own}/${client.key}` : own;
  }
  if (!sessionful || session !== "per-user") return name;
  return client === undefined ? `${name}/${userId}` : `${name}/${userId}/${client.key}`;
}

/** What an object of this name is to its backend. */
export function roleOf(
  order: BackendOrder,
  object: string,
  { account, userId }: Pick<LeaseHolder, "account" | "userId">,
): BackendRole {
  if (object === order.config.name) return "shared";
  const { config } = order;
  const isOwn = isPersonal(config) && object === personalObject(config.name, account, userId);
  return isOwn ? "personal" : "session";
}

function builtinLease(order: BackendOrder, builtin: BuiltinName, now: number): Lease {
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
