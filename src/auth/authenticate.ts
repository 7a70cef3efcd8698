import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { isLoopbackOrigin } from "../core/loopback-host.ts";
import { MIN_STATIC_KEY } from "../core/static-key.ts";
import { FULL_POLICY_ID, policyIdOf } from "./access.ts";
import { isApiKey, type ApiKeyRecord } from "./api-key.ts";
import { readBearer } from "./bearer.ts";
import { BoundedMemory } from "./bounded-memory.ts";
import { FULL_ACCESS, type Caller, type Resource } from "./caller.ts";
import { parseGrantProps } from "./grant-props.ts";
import { findUser } from "./find-user.ts";
import type { KeyStore } from "./key-store.ts";
import { RESOURCES, SCOPE_OF } from "./scopes.ts";
import { underPolicy } from "./under-policy.ts";
import { isPersonId, OWNER_ID, toUserId } from "./user-id.ts";

/** A revoked token is refused everywhere within 5 s: its object is asked again after this. */
const TOKEN_KNOWN_MS = 4_000;
/** A revoked key, a removed user or a new rule is seen in a snapshot up to 4 s old, and then this. */
const CALLER_KNOWN_MS = 1_000;
/** How long a key's record is good for without KV; the snapshot's tombstones are always asked. */
const RECORD_KNOWN_MS = 60_000;
const MAX_REMEMBERED = 10_000;
/** Seconds; our storage comes back or the caller finds out that it does not. */
const RETRY_AFTER = 5;

/** What an access token says about its bearer. */
export type TokenIdentity = Readonly<{
  userId: UserId;
  grantId: string;
  scopes: readonly string[];
  /** Epoch ms. */
  expiresAt: number;
  /** What the consent decided: see `grant-props.ts`. */
  props: unknown;
}>;

export type AuthenticatorNeeds = Readonly<{
  snapshots: SnapshotSource;
  keys: Pick<KeyStore, "find">;
  /** GATEWAY_API_KEY. */
  staticKey: string | undefined;
  /** LOOPBACK_API_KEY: may be short, and is good only for what comes from this machine. */
  loopbackKey?: string | undefined;
  /** Asks the token's own object; null when it is not good for this resource of this origin. */
  validateToken: (
    token: string,
    resource: Resource,
    origin: string,
  ) => Promise<TokenIdentity | null>;
  now: () => number;
}>;

type Context = Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;

type Asked = Readonly<{ request: Request; resource: Resource; origin: string; context: Context }>;

/** One function turns any credential into a Caller. One per isolate. */
export type Authenticator = Readonly<{
  /** A caller this isolate knows already; no I/O, no promise. */
  known: (token: string, resource: Resource, origin: string) => Caller | undefined;
  /** Throws `unauthorized`, `forbidden` for a token without the scope, and `unavailable`. */
  authenticate: (
    request: Request,
    resource: Resource,
    origin: string,
    context: Context,
  ) => Promise<Caller>;
}>;

type BoundTo = Readonly<{ resource: Resource; origin: string }>;

/** `boundTo` undefined: good for every resource. */
/** `change` of the snapshot; `identity` of a token says what the token is good for, and where. */
type Made = Readonly<{ change: number; identity: TokenIdentity | undefined; caller: Caller }>;

type Known = Readonly<{ caller: Caller; boundTo: BoundTo | undefined; until: number }>;

export function createAuthenticator(needs: AuthenticatorNeeds): Authenticator {
  const { snapshots, keys, staticKey, loopbackKey, validateToken, now } = needs;
  const callers = new BoundedMemory<Known>(MAX_REMEMBERED);
  const records = new BoundedMemory<Readonly<{ record: ApiKeyRecord; until: number }>>(
    MAX_REMEMBERED,
  );
  const identities = new BoundedMemory<
    Readonly<{ identity: TokenIdentity; boundTo: BoundTo; until: number }>
  >(MAX_REMEMBERED);

  const made = new BoundedMemory<Made>(MAX_REMEMBERED);

  /**
   * Under one snapshot a credential is always the same caller: its rules, which may be thousands, are
   * gone through once and not with every call of somebody who calls now and then.
   */
  async function callerUnder(
    snapshot: SnapshotData,
    { name, identity }: Readonly<{ name: string; identity?: TokenIdentity }>,
    describe: () => Promise<Caller>,
  ): Promise<Caller | undefined> {
    const { change } = snapshot;
    const held = made.get(name);
    if (held !== undefined && held.change === change && held.identity === identity) {
      return held.caller;
    }
    const caller = await asKnown(snapshot, await describe());
    if (caller !== undefined) made.set(name, { change, identity, caller });
    return caller;
  }

  function known(token: string, resource: Resource, origin: string): Caller | undefined {
    const entry = callers.get(token);
    if (entry === undefined || entry.until <= now()) return undefined;
    const { boundTo } = entry;
    // RFC 8707: a token is good only where it was asked for.
    const fits =
      boundTo === undefined || (boundTo.resource === resource && boundTo.origin === origin);
    return fits ? entry.caller : undefined;
  }

  async function byKey(token: string, context: Context): Promise<Known | undefined> {
    const hash = await sha256Hex(token);
    const snapshot = await snapshots.current(context);
    const remembered = records.get(hash);
    const useMemory =
      remembered !== undefined &&
      remembered.until > now() &&
      snapshot.recentKeys[`key:${hash}`] === undefined;
    const record = useMemory ? remembered.record : await keys.find(hash, snapshot);
    if (record === undefined) return undefined;
    const at = now();
    if (record.expiresAt !== undefined && record.expiresAt <= at) return undefined;
    if (record.connect !== undefined) {
      throw new GatewayError("forbidden", "Cannot use this key here: it is for connectors only");
    }
    if (record.metrics === true) {
      throw new GatewayError("forbidden", "Cannot use this key here: it is for metrics only");
    }
    if (!useMemory) records.set(hash, { record, until: at + RECORD_KNOWN_MS });
    const caller = await callerUnder(snapshot, { name: hash }, async () => ({
      kind: "api-key",
      credentialId: record.id,
      userId: toUserId(record.user ?? record.id), // a key of nobody's is a user of its own
      access: record.access,
      ...optionsOf(record),
      policyId: await policyIdOf(record.access, record),
      resources: RESOURCES,
      scopes: RESOURCES.map((resource) => SCOPE_OF[resource]),
    }));
    if (caller === undefined) return undefined;
    const until = Math.min(at + CALLER_KNOWN_MS, record.expiresAt ?? Infinity);
    return { caller, boundTo: undefined, until };
  }

  async function identify(token: string, boundTo: BoundTo): Promise<TokenIdentity | null> {
    const { resource, origin } = boundTo;
    const held = identities.get(token);
    if (
      held !== undefined &&
      held.until > now() &&
      held.boundTo.resource === resource &&
      held.boundTo.origin === origin
    ) {
      return held.identity;
    }
    const identity = await validateToken(token, resource, origin);
    if (identity === null) return null;
    const until = Math.min(now() + TOKEN_KNOWN_MS, identity.expiresAt);
    identities.set(token, { identity, boundTo, until });
    return identity;
  }

  async function byToken(
    token: string,
    { resource, origin, context }: Asked,
  ): Promise<Known | undefined> {
    const [user = ""] = token.split(":", 1);
    if (user !== OWNER_ID && !isPersonId(user)) return undefined;
    const snapshot = await snapshots.current(context);
    if (findUser(snapshot, user) === undefined) return undefined;
    const identity = await identify(token, { resource, origin });
    const props = parseGrantProps(identity?.props);
    if (identity === null || props === undefined) return undefined;
    if (!identity.scopes.includes(SCOPE_OF[resource])) {
      throw new GatewayError(
        "forbidden",
        `Cannot use this token here: it lacks the scope "${SCOPE_OF[resource]}"`,
      );
    }
    const access = props.allow === undefined ? FULL_ACCESS : { allow: props.allow, deny: [] };
    const caller = await callerUnder(snapshot, { name: token, identity }, async () => ({
      kind: "oauth",
      credentialId: identity.grantId,
      userId: identity.userId,
      access,
      policyId: await policyIdOf(access),
      ...(props.client === undefined ? {} : { client: props.client }),
      resources: [resource],
      scopes: identity.scopes,
    }));
    if (caller === undefined) return undefined;
    const until = Math.min(now() + CALLER_KNOWN_MS, identity.expiresAt);
    return { caller, boundTo: { resource, origin }, until };
  }

  async function find(token: string, asked: Asked): Promise<Known | undefined> {
    const { request, origin, context } = asked;
    if (
      staticKey !== undefined &&
      staticKey.length >= MIN_STATIC_KEY &&
      (await secretsEqual(token, staticKey))
    ) {
      return { caller: STATIC_CALLER, boundTo: undefined, until: now() + TOKEN_KNOWN_MS };
    }
    if (
      loopbackKey !== undefined &&
      isFromThisMachine(request, origin) &&
      (await secretsEqual(token, loopbackKey))
    ) {
      // Never remembered: the next request with it may be a page's.
      return { caller: STATIC_CALLER, boundTo: undefined, until: now() };
    }
    // After the static keys, which may look like one of ours.
    if (isApiKey(token)) return byKey(token, context);
    return byToken(token, asked);
  }

  return {
    known,
    async authenticate(request, resource, origin, context) {
      const token = readBearer(request);
      if (token === undefined) {
        throw new GatewayError("unauthorized", "Cannot answer: a bearer token is needed");
      }
      let found: Known | undefined;
      try {
        found = await find(token, { request, resource, origin, context });
      } catch (error) {
        if (error instanceof GatewayError && error.code === "forbidden") throw error;
        // Not knowing is neither yes nor no: a client must not drop a good token over our outage.
        throw new GatewayError("unavailable", "Cannot check the token: storage is not reachable", {
          cause: error,
          retryAfter: RETRY_AFTER,
          detail: error instanceof Error ? error.message : String(error),
        });
      }
      if (found === undefined) {
        throw new GatewayError(
          "unauthorized",
          "Cannot answer: the API key or token is not valid here",
        );
      }
      callers.set(token, found);
      return found.caller;
    },
  };
}

/** Under every rule that concerns them; undefined for a person who is not there any more. */
async function asKnown(
  { users, config }: SnapshotData,
  caller: Caller,
): Promise<Caller | undefined> {
  const user = Object.hasOwn(users, caller.userId) ? users[caller.userId] : undefined;
  if (user === undefined && isPersonId(caller.userId)) return undefined;
  return underPolicy(caller, { policy: config.policy, user });
}

/**
 * Asked by a name only this machine has, and neither by a page from elsewhere, as any page could try
 * the keys that manuals print on everybody's loopback address, nor by a proxy for somebody else.
 */
function isFromThisMachine({ headers }: Request, origin: string): boolean {
  const page = headers.get("origin");
  const isOurs = isLoopbackOrigin(origin) && (page === null || isLoopbackOrigin(page));
  return isOurs && !OF_PROXIES.some((name) => headers.has(name));
}

/** In these a proxy says whom it asks for; the name by which it asks is its own affair. */
const OF_PROXIES = ["forwarded", "x-forwarded-for", "x-real-ip"];

/** Without those that are not set. */
function optionsOf(record: ApiKeyRecord) {
  const { resourceTools, models, progress, approvals, openWebui, readOnly, mode, limits } = record;
  return {
    ...(resourceTools === true ? { resourceTools } : {}),
    ...(readOnly === true ? { readOnly } : {}),
    ...(mode === undefined ? {} : { mode }),
    ...(limits === undefined ? {} : { limits: [{ subject: `key/${record.id}`, limits }] }),
    ...(models === undefined ? {} : { models: [models] }),
    ...(progress === undefined ? {} : { progress }),
    ...(approvals === undefined ? {} : { approvals }),
    ...(openWebui === undefined ? {} : { openWebui }),
  } satisfies Partial<Caller>;
}

const STATIC_CALLER: Caller = {
  kind: "static-key",
  credentialId: "static-key",
  userId: OWNER_ID,
  access: FULL_ACCESS,
  policyId: FULL_POLICY_ID,
  resources: RESOURCES,
  scopes: RESOURCES.map((resource) => SCOPE_OF[resource]),
};
