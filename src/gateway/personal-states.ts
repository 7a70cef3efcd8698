import { BoundedMemory } from "../auth/bounded-memory.ts";
import type { Caller } from "../auth/caller.ts";
import { isPersonal, personalObject } from "../backends/login-names.ts";
import type { LoginStub, PersonalState } from "../backends/login-stub.ts";
import type { Listing } from "../catalog/listing.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import type { CallContext, Scope } from "./gateway.ts";

/** How a user's own connections are, each under the backend it is to. */
export type Personal = Readonly<{
  states: ReadonlyMap<BackendName, PersonalState>;
  /** Where a call may choose among several. */
  accounts: ReadonlyMap<BackendName, readonly PersonalState[]>;
  /** Equal while everything in `states` is that a view is made of. */
  key: string;
  /** False when the object of the user's logins did not answer. */
  complete: boolean;
}>;

/**
 * A login that is made, ends or lists something else changes the snapshot, and with it what is
 * remembered here. After this it is asked beside a call all the same, so that what nobody renewed
 * since is looked at again.
 */
const REFRESH_MS = 30_000;
const MAX_AGE_MS = 90_000;
/** The first list of somebody waits for their own backends, as that of a new config does for all. */
const FIRST_LISTS_MS = 2_500;
/** An object of ours that does not answer hides what it would say, and nothing else. */
const ASK_LIMIT_MS = FIRST_LISTS_MS + 2_000;
const MAX_USERS = 5_000;
/** Of users' own listings; each may be a few hundred KB. */
const MAX_LISTINGS = 200;
const FETCH_LIMIT_MS = 2_000;

export type PersonalStates = Readonly<{
  /** Whether a view of this scope is of each user alone. */
  concerns: (snapshot: SnapshotData, scope: Scope) => boolean;
  /** Synchronous, for the hot path. */
  held: (caller: Caller, snapshot: SnapshotData, context: CallContext) => Personal | undefined;
  find: (caller: Caller, snapshot: SnapshotData, context: CallContext) => Promise<Personal>;
  /** The listings that `states` name, of those that can be read. */
  listings: (
    user: UserId,
    personal: Personal,
  ) => Promise<ReadonlyMap<BackendName, Listing | undefined>>;
}>;

type Entry = {
  readonly all: readonly PersonalState[];
  /** By the account that an address names; the empty name for none. */
  readonly chosen: Map<string, Personal>;
  readonly change: number;
  readonly configVersion: number;
  readonly at: number;
  refreshing: boolean;
};

/** One per isolate. Nothing of one user is ever found under another. */
export function createPersonalStates(deps: {
  room: (user: UserId) => Pick<LoginStub, "personal">;
  fetchListing: (object: string) => Promise<Listing | undefined>;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}): PersonalStates {
  const entries = new BoundedMemory<Entry>(MAX_USERS);
  const kept = new BoundedMemory<Listing>(MAX_LISTINGS);

  async function ask(caller: Caller, snapshot: SnapshotData): Promise<Personal> {
    const { userId, person } = caller;
    const isFirst = entries.get(userId)?.configVersion !== snapshot.configVersion;
    const asked = deps
      .room(userId)
      .personal(ordersOf(snapshot), {
        user: userId,
        waitMs: isFirst ? FIRST_LISTS_MS : 0,
        ...(person === undefined ? {} : { person: { name: person.name, email: person.email } }),
      })
      .catch(() => undefined); // as one that does not answer
    const all = await Promise.race([asked, deps.sleep(ASK_LIMIT_MS)]);
    if (!Array.isArray(all)) return NOBODY;
    const { change, configVersion } = snapshot;
    const entry: Entry = {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `personal` answers
      all: all as readonly PersonalState[],
      chosen: new Map(),
      change,
      configVersion,
      at: deps.now(),
      refreshing: false,
    };
    entries.set(userId, entry);
    return chosenIn(entry, caller);
  }

  async function listing(object: string, hash: string): Promise<Listing | undefined> {
    const known = kept.get(object);
    if (known?.hash === hash) return known;
    const fetched = deps.fetchListing(object).catch(() => undefined);
    const found = await Promise.race([fetched, deps.sleep(FETCH_LIMIT_MS)]);
    if (typeof found !== "object") return known;
    kept.set(object, found);
    return found;
  }

  return {
    concerns: (snapshot, scope) => {
      const own = personalBackends(snapshot);
      if (own.length === 0) return false;
      return scope.kind === "all" || own.some(({ name }) => name === scope.backend);
    },
    held(caller, snapshot, context) {
      const entry = entries.get(caller.userId);
      if (entry === undefined || entry.change !== snapshot.change) return undefined;
      const age = deps.now() - entry.at;
      if (age > MAX_AGE_MS) return undefined;
      if (age > REFRESH_MS && !entry.refreshing) {
        entry.refreshing = true;
        context.waitUntil(ask(caller, snapshot));
      }
      return chosenIn(entry, caller);
    },
    find: (caller, snapshot) => ask(caller, snapshot),
    async listings(user, { states }) {
      const found = await Promise.all(
        [...states.values()].map(async ({ backend, account, listingHash }) => {
          const object = personalObject(backend, account, user);
          const own = listingHash === undefined ? undefined : await listing(object, listingHash);
          return [backend, own] as const;
        }),
      );
      return new Map(found);
    },
  };
}

const NOBODY: Personal = {
  states: new Map(),
  accounts: new Map(),
  key: "unknown",
  complete: false,
};

/** Accounts that addresses named and nobody has, in one entry. */
const MAX_CHOSEN = 50;

function chosenIn(entry: Entry, { account }: Pick<Caller, "account">): Personal {
  const key = account === undefined ? "" : `${account.backend}:${account.name}`;
  const known = entry.chosen.get(key);
  if (known !== undefined) return known;
  const personal = choose(entry.all, account);
  if (entry.chosen.size < MAX_CHOSEN) entry.chosen.set(key, personal);
  return personal;
}

function choose(all: readonly PersonalState[], chosen: Caller["account"]): Personal {
  const states = new Map<BackendName, PersonalState>();
  const accounts = new Map<BackendName, readonly PersonalState[]>();
  for (const [backend, own] of Map.groupBy(all, ({ backend: name }) => name)) {
    const usual = own.find(({ isDefault }) => isDefault) ?? own[0];
    if (usual === undefined) continue;
    if (chosen?.backend === backend) {
      const named = own.find(({ account }) => account === chosen.name);
      states.set(backend, named ?? missing(usual, chosen.name));
      continue;
    }
    states.set(backend, usual);
    if (own.length > 1) accounts.set(backend, own);
  }
  const key = [...states.values()]
    .map(({ backend, account, listingHash, login }) => {
      const others = (accounts.get(backend) ?? []).map((other) => other.account).join(",");
      return [backend, account, listingHash ?? "", login, others].join(":");
    })
    .join(" ");
  return { states, accounts, key, complete: true };
}

function missing({ backend }: PersonalState, account: string): PersonalState {
  return {
    backend,
    account,
    isDefault: false,
    login: "missing",
    state: "ready",
    listingHash: undefined,
    era: undefined,
    sessionful: false,
  };
}

const personalOf = new WeakMap<SnapshotData, readonly BackendConfig[]>();

/** The same for all under one snapshot. */
function personalBackends(snapshot: SnapshotData): readonly BackendConfig[] {
  const known = personalOf.get(snapshot) ?? snapshot.config.backends.filter(isPersonal);
  personalOf.set(snapshot, known);
  return known;
}

function ordersOf(snapshot: SnapshotData): readonly BackendOrder[] {
  const { configVersion, privateOrigins } = snapshot;
  return personalBackends(snapshot).map((config) => ({ config, configVersion, privateOrigins }));
}
