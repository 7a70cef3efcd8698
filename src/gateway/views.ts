import { compileAccess } from "../auth/access.ts";
import type { Caller } from "../auth/caller.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { GatewayError } from "../core/errors.ts";
import type { CallContext, Scope } from "./gateway.ts";
import type { ListingCache } from "./listing-cache.ts";
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
}>;

export type HeldView = Readonly<{
  view: View;
  snapshot: SnapshotData;
  /** False while a listing that the snapshot names could not be read. */
  complete: boolean;
}>;

/** One per isolate: which caller sees what, kept until the config or a listing changes. */
export function createViews(deps: {
  snapshots: SnapshotSource;
  listings: ListingCache;
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

  return {
    held(caller, scope, context) {
      const snapshot = deps.snapshots.peek(context);
      if (snapshot === undefined || built?.snapshot !== snapshot) return undefined;
      const view = views.get(viewKey(caller.policyId, scope));
      return view === undefined ? undefined : { view, snapshot, complete: true };
    },

    async find(caller, scope, context) {
      const snapshot = await settle(context);
      const permits = compileAccess(caller.access);
      if (scope.kind === "one") {
        const known = snapshot.config.backends.some(({ name }) => name === scope.backend);
        if (!known || !permits(scope.backend)) throw unknownBackend(scope.backend);
      }
      follow(snapshot);
      const key = viewKey(caller.policyId, scope);
      const target = views; // a change while we wait starts a new one; ours must not land in it
      const held = target.get(key);
      if (held !== undefined) return { view: held, snapshot, complete: true };
      const listings = await deps.listings.listings(snapshot);
      const offers = offersIn(snapshot.config.backends, listings, scope);
      const view = createView(offers, permits, scope, caller);
      const complete = snapshot.config.backends.every(
        ({ name }) => snapshot.reports[name]?.listingHash === listings.get(name)?.hash,
      );
      const kept = complete ? await target.keep(caller.policyId, view) : view;
      return { view: kept, snapshot, complete };
    },
  };
}

export function unknownBackend(name: string): GatewayError {
  return new GatewayError("not_found", `Cannot find backend "${name}"`);
}
