import { compileAccess } from "../auth/access.ts";
import type { Caller } from "../auth/caller.ts";
import { isPersonal } from "../backends/login-names.ts";
import type { Listing } from "../catalog/listing.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { ALL, type CallContext, type Scope } from "./gateway.ts";
import type { ListingCache } from "./listing-cache.ts";
import type { Personal, PersonalStates } from "./personal-states.ts";
import { withAccounts } from "./account-argument.ts";
import { createView, offersIn, viewKey, type View } from "./view.ts";
import { ViewMemory } from "./view-memory.ts";

/**
 * How long the first lists after a new config wait for backends that have not answered yet. Counted
 * from when this isolate first saw the config, and never long after the config came into force.
 */
const FIRST_ANSWER_MS = 2_500;
const FIRST_ANSWER_PAUSE_MS = 100;
const CONFIG_SETTLES_MS = 5_000;

export type Views = Readonly<{
  /** Synchronous, for the hot path: undefined when anything has to be fetched first. */
  held: (caller: Caller, scope: Scope, context: CallContext) => HeldView | undefined;
  find: (caller: Caller, scope: Scope, context: CallContext) => Promise<HeldView>;
  /** Undefined where no backend wants everybody's own login. */
  own: (
    caller: Caller,
    snapshot: SnapshotData,
    context: CallContext,
  ) => Promise<OwnConnections | undefined>;
}>;

export type OwnConnections = Readonly<{
  personal: Personal;
  listings: ReadonlyMap<BackendName, Listing | undefined>;
}>;

export type HeldView = Readonly<{
  view: View;
  snapshot: SnapshotData;
  /** False while a listing that the snapshot names could not be read. */
  complete: boolean;
  /** Of the caller's own connections; undefined where the view has none to show. */
  personal?: Personal | undefined;
}>;

/** One per isolate: which caller sees what, kept until the config or a listing changes. */
export function createViews(deps: {
  snapshots: SnapshotSource;
  listings: ListingCache;
  personal: PersonalStates;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}): Views {
  let built: { snapshot: SnapshotData; offersKey: string } | undefined;
  let views = new ViewMemory();
  let seen = { configVersion: -1, at: 0 };

  /** Drops every view when what they were made of has changed. */
  function follow(snapshot: SnapshotData): void {
    if (built?.snapshot === snapshot) return;
    const offersKey = `${snapshot.configVersion} ${snapshot.config.backends
      .map(({ name }) => snapshot.reports[name]?.listingHash ?? "")
      .join(" ")}`;
    if (built?.offersKey !== offersKey) views = new ViewMemory();
    built = { snapshot, offersKey };
  }

  function isUnsettled(snapshot: SnapshotData): boolean {
    const now = deps.now();
    if (seen.configVersion !== snapshot.configVersion) {
      seen = { configVersion: snapshot.configVersion, at: now };
    }
    if (now > seen.at + FIRST_ANSWER_MS) return false;
    if (snapshot.configAt > 0 && now > snapshot.configAt + CONFIG_SETTLES_MS) return false;
    return snapshot.config.backends.some(({ name }) => {
      const report = snapshot.reports[name];
      return (
        report === undefined || (report.state === "connecting" && report.listingHash === undefined)
      );
    });
  }

  async function settle(context: CallContext): Promise<SnapshotData> {
    let snapshot = await deps.snapshots.current(context);
    while (isUnsettled(snapshot)) {
      await deps.sleep(FIRST_ANSWER_PAUSE_MS);
      deps.snapshots.expire();
      snapshot = await deps.snapshots.current(context);
    }
    return snapshot;
  }

  function heldOwn(
    caller: Caller,
    scope: Scope,
    snapshot: SnapshotData,
    context: CallContext,
  ): HeldView | undefined {
    const personal = deps.personal.held(caller, snapshot, context);
    if (personal === undefined) return undefined;
    const view = views.get(keyOf(caller, scope, personal));
    return view === undefined ? undefined : { view, snapshot, complete: true, personal };
  }

  return {
    held(caller, scope, context) {
      const snapshot = deps.snapshots.peek(context);
      if (snapshot === undefined || built?.snapshot !== snapshot) return undefined;
      if (deps.personal.concerns(snapshot, scope)) return heldOwn(caller, scope, snapshot, context);
      const view = views.get(viewKey(caller.policyId, scope));
      return view === undefined ? undefined : { view, snapshot, complete: true };
    },

    async own(caller, snapshot, context) {
      if (!deps.personal.concerns(snapshot, ALL)) return undefined;
      const personal =
        deps.personal.held(caller, snapshot, context) ??
        (await deps.personal.find(caller, snapshot, context));
      return { personal, listings: await deps.personal.listings(caller.userId, personal) };
    },

    async find(caller, scope, context) {
      const snapshot = await settle(context);
      const permits = compileAccess(caller.access);
      if (scope.kind === "one") {
        const known = snapshot.config.backends.some(({ name }) => name === scope.backend);
        if (!known || !permits(scope.backend)) throw unknownBackend(scope.backend);
        const named = caller.account?.backend === scope.backend ? caller.account.name : undefined;
        if (named !== undefined && !deps.personal.concerns(snapshot, scope)) {
          throw unknownBackend(`${scope.backend}:${named}`);
        }
      }
      follow(snapshot);
      const personal = deps.personal.concerns(snapshot, scope)
        ? (deps.personal.held(caller, snapshot, context) ??
          (await deps.personal.find(caller, snapshot, context)))
        : undefined;
      const key = keyOf(caller, scope, personal);
      const target = views; // a change while we wait starts a new one; ours must not land in it
      const held = target.get(key);
      if (held !== undefined) return { view: held, snapshot, complete: true, personal };
      const [shared, own] = await Promise.all([
        deps.listings.listings(snapshot),
        personal === undefined ? NO_LISTINGS : deps.personal.listings(caller.userId, personal),
      ]);
      const { backends } = snapshot.config;
      const listings = new Map(
        backends.flatMap((config) => {
          // Of a backend that everybody logs in to, nothing is anybody's but one's own.
          const listing = (isPersonal(config) ? own : shared).get(config.name);
          return listing === undefined ? [] : [[config.name, listing] as const];
        }),
      );
      const offers = offersIn(backends, withChoices(listings, personal), scope);
      const locked = backends.filter(
        (config) =>
          isLocked(config, personal) && (scope.kind === "all" || config.name === scope.backend),
      );
      const view = createView(offers, permits, scope, caller, locked);
      const complete =
        personal?.complete !== false &&
        backends.every((config) => {
          const { name } = config;
          const named = isPersonal(config)
            ? personal?.states.get(name)?.listingHash
            : snapshot.reports[name]?.listingHash;
          return named === listings.get(name)?.hash;
        });
      const kept = complete ? await target.keep(caller.policyId, view, key) : view;
      return { view: kept, snapshot, complete, personal };
    },
  };
}

const NO_LISTINGS: ReadonlyMap<BackendName, Listing | undefined> = new Map();

/** Tools of a backend where the caller has several accounts take one more argument. */
function withChoices(
  listings: ReadonlyMap<BackendName, Listing>,
  personal: Personal | undefined,
): ReadonlyMap<BackendName, Listing> {
  if (personal === undefined || personal.accounts.size === 0) return listings;
  return new Map(
    [...listings].map(([name, listing]) => {
      const accounts = personal.accounts.get(name)?.map(({ account }) => account);
      return [name, accounts === undefined ? listing : withAccounts(listing, accounts)] as const;
    }),
  );
}

/** Views with something of one's own in them are found by nobody else. */
function keyOf(caller: Caller, scope: Scope, personal: Personal | undefined): string {
  const key = viewKey(caller.policyId, scope);
  return personal === undefined ? key : `${key} ${caller.userId} ${personal.key}`;
}

/** Nothing is known of it, and nothing will be before there is a login. */
function isLocked({ name }: BackendConfig, personal: Personal | undefined): boolean {
  const state = personal?.states.get(name);
  return state !== undefined && state.login !== "ready" && state.listingHash === undefined;
}

export function unknownBackend(name: string): GatewayError {
  return new GatewayError("not_found", `Cannot find backend "${name}"`);
}
