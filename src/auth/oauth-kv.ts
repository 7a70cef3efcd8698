/**
 * The part of a KV namespace that the OAuth library uses. It only ever writes text, and reads text
 * or JSON.
 */
export type OAuthKv = Readonly<{
  get: (key: string, options?: "text" | "json" | { type?: "text" | "json" }) => Promise<unknown>;
  put: (key: string, value: string, options?: PutOptions) => Promise<void>;
  delete: (key: string) => Promise<void>;
  list: (options?: ListOptions) => Promise<ListedPage>;
}>;

export type PutOptions = Readonly<{
  /** Seconds from now. */
  expirationTtl?: number;
  /** Epoch seconds. */
  expiration?: number;
  metadata?: unknown;
}>;

export type ListOptions = Readonly<{
  prefix?: string | null;
  limit?: number;
  cursor?: string | null;
}>;

export type ListedKey = Readonly<{ name: string; metadata?: unknown }>;

export type ListedPage =
  | Readonly<{ keys: readonly ListedKey[]; list_complete: true }>
  | Readonly<{ keys: readonly ListedKey[]; list_complete: false; cursor: string }>;

/** One kind of keys: text by key, with an end of life in epoch ms. */
export type KeyedTexts = Readonly<{
  get: (key: string) => Promise<string | null>;
  put: (key: string, value: string, row: RowOptions) => Promise<void>;
  remove: (key: string) => Promise<void>;
  list: (question: ListQuestion) => Promise<ListedPage>;
}>;

export type RowOptions = Readonly<{ expires?: number; metadata?: string }>;
export type ListQuestion = Readonly<{ prefix: string; limit: number; cursor?: string }>;

/** KV lists at most this many keys at once. */
const MAX_LISTED = 1_000;

/** The library's KV over whatever keeps each key. */
export function asOAuthKv(storeOf: (key: string) => KeyedTexts, now: () => number): OAuthKv {
  return {
    async get(key, options) {
      const value = await storeOf(key).get(key);
      const type = typeof options === "string" ? options : options?.type;
      if (value === null || type !== "json") return value;
      const parsed: unknown = JSON.parse(value);
      return parsed;
    },
    async put(key, value, options = {}) {
      const expires = endOfLife(options, now);
      await storeOf(key).put(key, value, {
        ...(expires === undefined ? {} : { expires }),
        ...(options.metadata === undefined ? {} : { metadata: JSON.stringify(options.metadata) }),
      });
    },
    delete: (key) => storeOf(key).remove(key),
    list: ({ prefix, limit, cursor } = {}) =>
      storeOf(prefix ?? "").list({
        prefix: prefix ?? "",
        limit: Math.min(limit ?? MAX_LISTED, MAX_LISTED),
        ...(cursor ? { cursor } : {}),
      }),
  };
}

function endOfLife(options: PutOptions, now: () => number): number | undefined {
  if (options.expiration !== undefined) return options.expiration * 1_000;
  return options.expirationTtl === undefined ? undefined : now() + options.expirationTtl * 1_000;
}
