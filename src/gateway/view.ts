import { createListPages, type ListPage, type ListPages } from "../catalog/list-pages.ts";
import type { Listing } from "../catalog/listing.ts";
import {
  mergeListings,
  type Catalog,
  type CatalogPrompt,
  type CatalogTool,
} from "../catalog/merge-listings.ts";
import { toExposedTool, toExposedUri } from "../catalog/ui-uri.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Permits } from "../auth/caller.ts";
import type { ListKind, Scope } from "./gateway.ts";

/** What one set of callers sees in one scope, with each list serialised once. */
export type View = Readonly<{
  /** By the names of the scope: exposed names for all, own names for one. */
  tools: ReadonlyMap<string, CatalogTool>;
  prompts: ReadonlyMap<string, CatalogPrompt>;
  catalog: Catalog;
  scope: Scope;
  /** The backends of which anything is seen. */
  offers: readonly Offer[];
  /** The listing itself where the scope is one backend. */
  listing: Listing | undefined;
  /** JSON text of the array of all entries. */
  text: (kind: ListKind) => string;
  /** One page of it, at once where there is only one. Throws `invalid_params` for a foreign cursor. */
  page: (kind: ListKind, cursor: string | undefined) => ListPage | Promise<ListPage>;
}>;

export type Offer = Readonly<{ config: BackendConfig; listing: Listing }>;

/** What of the offers a caller with `permits` sees. Hidden is the same as not there. */
export function createView(all: readonly Offer[], permits: Permits, scope: Scope): View {
  const offers = all.filter(({ config }) => permits(config.name));
  const catalog = mergeListings(
    offers.map(({ config, listing }) => ({
      backend: config.name,
      listing,
      permits: permitsOf(config, permits),
    })),
  );
  const listing =
    scope.kind === "one"
      ? offers.find(({ config }) => config.name === scope.backend)?.listing
      : undefined;
  const tools = listing === undefined ? catalog.tools : byOwnName(catalog.tools, listing.tools);
  const prompts =
    listing === undefined ? catalog.prompts : byOwnName(catalog.prompts, listing.prompts);
  const seen = { tools, prompts, catalog, scope, offers, listing };
  return { ...seen, ...createTexts(seen) };
}

/** Each list is serialised once, when it is first asked for. */
function createTexts(seen: Omit<View, "text" | "page">): Pick<View, "text" | "page"> {
  const texts = new Map<ListKind, string>();
  const pages = new Map<ListKind, ListPages>();
  const entryTexts = (kind: ListKind): readonly string[] =>
    entriesOf(kind, seen).map((entry) => JSON.stringify(entry));
  const cut = (kind: ListKind): ListPages | Promise<ListPages> =>
    createListPages(`${kind} ${scopeName(seen.scope)}`, entryTexts(kind));
  return {
    text(kind) {
      const text = texts.get(kind) ?? `[${entryTexts(kind).join(",")}]`;
      texts.set(kind, text);
      return text;
    },
    page(kind, cursor) {
      const held = pages.get(kind) ?? cut(kind);
      // Never shared before it is there: a request must not wait for the work of another.
      if (held instanceof Promise) {
        return held.then((made) => {
          pages.set(kind, made);
          return requirePage(made, cursor);
        });
      }
      pages.set(kind, held);
      return requirePage(held, cursor);
    },
  };
}

function requirePage(pages: ListPages, cursor: string | undefined): ListPage {
  const page = pages.get(cursor);
  if (page !== undefined) return page;
  throw new GatewayError(
    "invalid_params",
    "Cannot list: the cursor is not one of this list as it is now, start again without a cursor",
  );
}

/** Asked with the empty name for prompts and resources: they need the backend as a whole. */
function permitsOf(config: BackendConfig, permits: Permits): (tool?: string) => boolean {
  const disabled = new Set(config.disabledTools);
  return (tool) => permits(config.name, tool ?? "") && (tool === undefined || !disabled.has(tool));
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

function entriesOf(
  kind: ListKind,
  { tools, prompts, catalog, scope, listing }: Omit<View, "text" | "page">,
): readonly JsonObject[] {
  const isAll = scope.kind === "all";
  // What is not a tool goes with the backend as a whole.
  const whole = catalog.whole.size > 0 ? listing : undefined;
  switch (kind) {
    case "tools":
      return [...tools].map(([name, { backend, tool }]) => ({
        ...(isAll ? toExposedTool(backend, tool) : tool),
        name,
      }));
    case "prompts":
      return [...prompts].map(([name, { prompt }]) => ({ ...prompt, name }));
    case "resources":
      if (!isAll) return whole?.resources ?? [];
      return [...catalog.resources].map(([uri, { resource }]) => ({ ...resource, uri }));
    case "resourceTemplates":
      if (!isAll) return whole?.resourceTemplates ?? [];
      return catalog.resourceTemplates.map(({ backend, template }) => ({
        ...template,
        uriTemplate: toExposedUri(backend, template.uriTemplate),
      }));
    default:
      return kind satisfies never;
  }
}

/** The key under which equal views are shared. */
export function viewKey(policyId: string, scope: Scope): string {
  return scope.kind === "all" ? policyId : `${policyId} ${scope.backend}`;
}

/** No backend is named `*`. */
function scopeName(scope: Scope): string {
  return scope.kind === "all" ? "*" : scope.backend;
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
