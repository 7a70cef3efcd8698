import type { Caller, Permits } from "../auth/caller.ts";
import type { Listing } from "../catalog/listing.ts";
import { mergeListings } from "../catalog/merge-listings.ts";
import { isReadOnly } from "../catalog/read-only.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { BackendName } from "../core/ids.ts";
import type { Scope } from "./gateway.ts";
import { placeHouseTools } from "./house-tool.ts";
import { HOUSE_TOOLS } from "./house-tools.ts";
import { logInTool } from "./log-in-tool.ts";
import { createListTexts, type ListTexts, type Seen } from "./list-texts.ts";

/** What one set of callers sees in one scope, with each list serialised once. */
export type View = Seen &
  ListTexts &
  Readonly<{
    /** The backends of which anything is seen. */
    offers: readonly Offer[];
  }>;

export type Offer = Readonly<{ config: BackendConfig; listing: Listing }>;

/**
 * What of the offers a caller with `permits` sees. Hidden is the same as not there. Of the caller
 * itself only what its `policyId` covers may be looked at: a view is shared by all who have it.
 */
export function createView(
  all: readonly Offer[],
  permits: Permits,
  scope: Scope,
  caller: Pick<Caller, "resourceTools" | "readOnly" | "mode"> = {},
  /** Backends that the caller has to log in to before anything is seen of them. */
  locked: readonly BackendConfig[] = [],
): View {
  const offers = all.filter(({ config }) => permits(config.name));
  const catalog = mergeListings(
    offers.map(({ config, listing }) => ({
      backend: config.name,
      listing,
      permits: permitsOf({ config, listing }, permits, caller.readOnly === true),
    })),
  );
  const listing =
    scope.kind === "one"
      ? offers.find(({ config }) => config.name === scope.backend)?.listing
      : undefined;
  const tools = listing === undefined ? catalog.tools : byOwnName(catalog.tools, listing.tools);
  const prompts =
    listing === undefined ? catalog.prompts : byOwnName(catalog.prompts, listing.prompts);
  const guest = { caller, backends: offers.map(({ config }) => config) };
  const logIn = locked
    .filter(({ name }) => permits(name))
    .map((config) => logInTool(config, scope));
  const house = placeHouseTools([...logIn, ...HOUSE_TOOLS], guest, tools);
  const seen = { tools, prompts, catalog, scope, listing, house };
  return { ...seen, ...createListTexts(seen), offers };
}

/**
 * Asked with the empty name for prompts and resources: they need the backend as a whole, and change
 * nothing. The gateway's own tools stay for who may only read: they reach no more than the caller.
 */
function permitsOf(
  { config, listing }: Offer,
  permits: Permits,
  readOnly: boolean,
): (tool?: string) => boolean {
  const changing = readOnly ? listing.tools.filter((tool) => !isReadOnly(tool)) : [];
  const hidden = new Set([...config.disabledTools, ...changing.map(({ name }) => name)]);
  return (tool) => permits(config.name, tool ?? "") && (tool === undefined || !hidden.has(tool));
}

/** In the backend's own order: under `/mcp/{backend}` the gateway is as if it were not there. */
function byOwnName<Entry extends { ownName: string }>(
  entries: ReadonlyMap<string, Entry>,
  listed: readonly { name: string }[],
): ReadonlyMap<string, Entry> {
  const named = new Map([...entries.values()].map((entry) => [entry.ownName, entry]));
  return new Map(
    listed.flatMap(({ name }) => {
      const entry = named.get(name);
      return entry === undefined ? [] : [[name, entry] as const];
    }),
  );
}

/** The key under which equal views are shared. */
export function viewKey(policyId: string, scope: Scope): string {
  return scope.kind === "all" ? policyId : `${policyId} ${scope.backend}`;
}

export function offersIn(
  backends: readonly BackendConfig[],
  listings: ReadonlyMap<BackendName, Listing>,
  scope: Scope,
): readonly Offer[] {
  return backends.flatMap((config) => {
    if (scope.kind === "one" && config.name !== scope.backend) return [];
    const listing = listings.get(config.name);
    return listing === undefined ? [] : [{ config, listing }];
  });
}
