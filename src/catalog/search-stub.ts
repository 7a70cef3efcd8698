/**
 * A listing as it is searched. The hash says what is in it, so a listing that one person alone sees
 * is found by nobody who cannot name it, and equal ones are kept once.
 */
export type SearchSource = Readonly<{ backend: string; hash: string }>;

/** One tool of it; see `tool-words.ts` for what the texts are. */
export type SearchDocument = Readonly<{
  /** Own name. */
  name: string;
  title: string;
  description: string;
  parameters: string;
}>;

export type SearchAsk = Readonly<{
  query: string;
  sources: readonly SearchSource[];
  /** The first hit wanted, and how many. */
  offset: number;
  limit: number;
}>;

/** Best first. `source` is a place in the list that was asked with. */
export type SearchHit = Readonly<{ source: number; name: string; score: number }>;

export type SearchAnswer =
  | Readonly<{ kind: "found"; hits: readonly SearchHit[]; total: number }>
  /** These sources, by their places, have to be given first. */
  | Readonly<{ kind: "missing"; sources: readonly number[] }>;

/** Some documents of a source that has `count` in all, beginning with number `from`. */
export type SearchSupply = Readonly<{
  source: SearchSource;
  from: number;
  count: number;
  documents: readonly SearchDocument[];
}>;

/** Finds tools of listings by what they do. */
export interface SearchStub {
  search(ask: SearchAsk): Promise<SearchAnswer>;
  supply(supply: SearchSupply): Promise<void>;
}

/** There is one search object; this is its name. */
export const SEARCH_NAME = "search";
