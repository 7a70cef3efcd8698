import type { Listing } from "../catalog/listing.ts";
import type { CatalogTool } from "../catalog/merge-listings.ts";
import { toSearchDocument } from "../catalog/search-document.ts";
import type { SearchAsk, SearchHit, SearchSource, SearchStub } from "../catalog/search-stub.ts";
import { GatewayError } from "../core/errors.ts";

export type FindAsk = Readonly<{
  query: string;
  /** Only tools of this one. */
  backend?: string | undefined;
  limit: number;
}>;

export type FoundTool = Readonly<{
  /** By which the caller calls it. */
  name: string;
  tool: CatalogTool;
  /** From 0 to 1, the best. */
  relevance: number;
}>;

/** Of a view: what its caller sees, and the listings that is from. */
export type Searched = Readonly<{
  tools: ReadonlyMap<string, CatalogTool>;
  offers: readonly Readonly<{ config: Readonly<{ name: string }>; listing: Listing }>[];
}>;

export type ToolFinder = (ask: FindAsk, among: Searched) => Promise<readonly FoundTool[]>;

/** The first page holds what a caller sees nearly always; who sees little of much needs the rest. */
const PAGES = [50, 20_000] as const;
/** A message between objects has 32 MiB, and a tool at most a few KB of text. */
const SUPPLIED_AT_ONCE = 1_000;
/** Nobody repeats a longer one, and it would be kept many times over. */
const MAX_NAME = 512;
/** Another search may make an object forget what it was just given; twice in a row is our fault. */
const ROUNDS = 3;

/**
 * Asks the search object, which ranks whole listings, for the tools of a view. What the view lacks
 * is left out here: the object knows nothing of who is asking.
 */
export function createToolFinder(stub: () => SearchStub): ToolFinder {
  return async ({ query, backend, limit }, among) => {
    const offers = among.offers.filter(
      ({ config }) => backend === undefined || config.name === backend,
    );
    if (offers.length === 0) return [];
    const found = new Map<string, number>();
    // The exposed name, also where it was shortened.
    const named = among.tools.get(query.trim());
    if (named !== undefined && isOf(named, backend)) found.set(query.trim(), Infinity);
    const byOwnName = namesOf(among.tools);
    let offset = 0;
    for (const page of PAGES) {
      const { hits, total } = await search(stub(), offers, { query, offset, limit: page });
      for (const { source, name, score } of hits) {
        const seen = byOwnName.get(ownKey(offers[source]?.config.name ?? "", name));
        if (seen !== undefined && !found.has(seen)) found.set(seen, score);
      }
      offset += page;
      if (found.size >= limit || offset >= total) break;
    }
    return toFound([...found].slice(0, limit), among.tools);
  };
}

function isOf({ backend: own }: CatalogTool, backend: string | undefined): boolean {
  return backend === undefined || own === backend;
}

async function search(
  stub: SearchStub,
  offers: Searched["offers"],
  ask: Omit<SearchAsk, "sources">,
): Promise<Readonly<{ hits: readonly SearchHit[]; total: number }>> {
  const sources = offers.map(({ config, listing }) => ({
    backend: config.name,
    hash: listing.hash,
  }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const answer = await stub.search({ ...ask, sources });
    if (answer.kind === "found") return answer;
    for (const place of answer.sources) {
      const offer = offers[place];
      const source = sources[place];
      if (offer !== undefined && source !== undefined) await supply(stub, source, offer.listing);
    }
  }
  throw new GatewayError("unavailable", "Cannot search: the index is being built, try again", {
    retryAfter: 1,
  });
}

async function supply(stub: SearchStub, source: SearchSource, { tools }: Listing): Promise<void> {
  const documents = tools.filter(({ name }) => name.length <= MAX_NAME).map(toSearchDocument);
  const count = documents.length;
  let from = 0;
  do {
    const part = documents.slice(from, from + SUPPLIED_AT_ONCE);
    await stub.supply({ source, from, count, documents: part });
    from += SUPPLIED_AT_ONCE;
  } while (from < count);
}

function toFound(
  scored: readonly (readonly [string, number])[],
  tools: Searched["tools"],
): readonly FoundTool[] {
  const best = scored.find(([, score]) => score !== Infinity)?.[1] ?? 1;
  return scored.flatMap(([name, score]) => {
    const tool = tools.get(name);
    const relevance = Math.round(Math.min(1, score / best) * 100) / 100;
    return tool === undefined ? [] : [{ name, tool, relevance }];
  });
}

/** Lasts as long as the view does. */
const names = new WeakMap<Searched["tools"], ReadonlyMap<string, string>>();

/** The names of the scope by backend and own name. */
export function namesOf(tools: Searched["tools"]): ReadonlyMap<string, string> {
  const known =
    names.get(tools) ??
    new Map([...tools].map(([name, { backend, ownName }]) => [ownKey(backend, ownName), name]));
  names.set(tools, known);
  return known;
}

/** No backend has a space in its name. */
export function ownKey(backend: string, ownName: string): string {
  return `${backend} ${ownName}`;
}
