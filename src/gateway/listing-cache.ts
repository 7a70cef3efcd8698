import type { Listing } from "../catalog/listing.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { BackendName } from "../core/ids.ts";

/** A listing is read from an object of ours; a backend is never asked for it here. */
const FETCH_LIMIT_MS = 2_000;

export type ListingCache = Readonly<{
  /** The listing of each configured backend that has one, by name. */
  listings: (snapshot: SnapshotData) => Promise<ReadonlyMap<BackendName, Listing>>;
}>;

/**
 * One per isolate. Listings are kept by hash: a snapshot names the hash in force, and only a hash
 * not yet here costs an object hop. A listing that cannot be read in time leaves the old one.
 */
export function createListingCache(deps: {
  fetchListing: (backend: BackendName) => Promise<Listing | undefined>;
  sleep: (ms: number) => Promise<void>;
}): ListingCache {
  const held = new Map<BackendName, Listing>();
  const fetching = new Map<string, Promise<void>>();

  async function update(name: BackendName, hash: string): Promise<void> {
    const fetched = deps
      .fetchListing(name)
      .then((listing) => {
        if (listing !== undefined) held.set(name, listing);
      })
      .catch(() => {}) // the report in the next snapshot says what is wrong with it
      .finally(() => fetching.delete(`${name} ${hash}`));
    fetching.set(`${name} ${hash}`, fetched);
    await Promise.race([fetched, deps.sleep(FETCH_LIMIT_MS)]);
  }

  return {
    async listings(snapshot) {
      const names = new Set(snapshot.config.backends.map(({ name }) => name));
      for (const name of held.keys()) if (!names.has(name)) held.delete(name);
      for (const name of takenAway(snapshot)) held.delete(name);
      await Promise.all(
        [...names].map(async (name) => {
          const hash = snapshot.reports[name]?.listingHash;
          if (hash === undefined || held.get(name)?.hash === hash) return;
          const running = fetching.get(`${name} ${hash}`);
          // Another request's fetch is only waited for, never longer than one of our own.
          await (running === undefined
            ? update(name, hash)
            : Promise.race([running, deps.sleep(FETCH_LIMIT_MS)]));
        }),
      );
      return new Map(held);
    },
  };
}

/** What a connector brought and has taken away is not there; others lose their listing only for a new one. */
function takenAway({ config, reports }: SnapshotData): readonly BackendName[] {
  return config.backends
    .filter(({ transport }) => transport.kind === "stdio")
    .map(({ name }) => name)
    .filter((name) => {
      const report = reports[name];
      return report !== undefined && report.listingHash === undefined;
    });
}
