import { createListPages, type ListPage, type ListPages } from "../catalog/list-pages.ts";
import type { Listing } from "../catalog/listing.ts";
import type { Catalog, CatalogPrompt, CatalogTool } from "../catalog/merge-listings.ts";
import { toExposedTool, toExposedUri } from "../catalog/ui-uri.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { ListKind, Scope } from "./gateway.ts";
import type { HouseTool } from "./house-tool.ts";

/** What one set of callers sees in one scope. */
export type Seen = Readonly<{
  /** By the names of the scope: exposed names for all, own names for one. */
  tools: ReadonlyMap<string, CatalogTool>;
  prompts: ReadonlyMap<string, CatalogPrompt>;
  catalog: Catalog;
  scope: Scope;
  /** The listing itself where the scope is one backend. */
  listing: Listing | undefined;
  /** The gateway's own tools, by the names they have here. */
  house: ReadonlyMap<string, HouseTool>;
}>;

export type ListTexts = Readonly<{
  entries: (kind: ListKind) => readonly JsonObject[];
  /** JSON text of the array of all entries. */
  text: (kind: ListKind) => string;
  /** One page of it, at once where there is only one. Throws `invalid_params` for a foreign cursor. */
  page: (kind: ListKind, cursor: string | undefined) => ListPage | Promise<ListPage>;
}>;

/** Each list is serialised once, when it is first asked for. */
export function createListTexts(seen: Seen): ListTexts {
  const texts = new Map<ListKind, string>();
  const pages = new Map<ListKind, ListPages>();
  const entryTexts = (kind: ListKind): readonly string[] =>
    entriesOf(kind, seen).map((entry) => JSON.stringify(entry));
  const cut = (kind: ListKind): ListPages | Promise<ListPages> =>
    createListPages(`${kind} ${scopeName(seen.scope)}`, entryTexts(kind));
  return {
    entries: (kind) => entriesOf(kind, seen),
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

/** No backend is named `*`. */
function scopeName(scope: Scope): string {
  return scope.kind === "all" ? "*" : scope.backend;
}

function entriesOf(
  kind: ListKind,
  { tools, prompts, catalog, scope, listing, house }: Seen,
): readonly JsonObject[] {
  const isAll = scope.kind === "all";
  // What is not a tool goes with the backend as a whole.
  const whole = catalog.whole.size > 0 ? listing : undefined;
  switch (kind) {
    case "tools": {
      const listed = [...house].filter(([, { standing }]) => standing !== "unlisted");
      const isInstead = listed.some(([, { standing }]) => standing === "instead");
      const offered = [...(isInstead ? [] : tools)].map(([name, { backend, tool }]) => ({
        ...(isAll ? toExposedTool(backend, tool) : tool),
        name,
      }));
      const own = listed.map(([name, { definition }]) => ({ ...definition, name }));
      if (own.length === 0) return offered;
      const all = [...offered, ...own];
      return isAll ? all.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : all;
    }
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
