import type { Registry } from "../config/registry.ts";
import type { KeyedTexts, ListedPage } from "./oauth-kv.ts";

/** The registry answers for a registration while KV may not show it yet, or not show it gone. */
const FRESH_MS = 60 * 60 * 1_000;
/** What stands in the registry for a client that was deleted; KV may show it for a while. */
const GONE = "gone";
const GONE_MS = 24 * 60 * 60 * 1_000;

/** The part of a KV namespace that keeps registrations. */
export type ClientKv = Readonly<{
  get: (key: string) => Promise<string | null>;
  put: (
    key: string,
    value: string,
    options: { expiration?: number; metadata?: unknown },
  ) => Promise<void>;
  delete: (key: string) => Promise<void>;
  list: (options: { prefix: string; limit: number; cursor?: string }) => Promise<ListedPage>;
}>;

/**
 * `client:*`: in KV for good, because anybody may register and most never return. A client that
 * registers in one place authorises in another a second later, where KV still says "not found" and
 * keeps saying so for a minute: so the registry is asked first.
 */
export function createClientStore(
  kv: ClientKv,
  registry: () => Pick<Registry, "getRecord" | "putRecord">,
  now: () => number,
): KeyedTexts {
  return {
    async get(key) {
      const fresh = await registry().getRecord(key);
      if (fresh === GONE) return null;
      return fresh ?? kv.get(key);
    },
    async put(key, value, { expires }) {
      // KV first: a registration that only the registry knew would vanish within the hour.
      await kv.put(
        key,
        value,
        expires === undefined ? {} : { expiration: Math.floor(expires / 1_000) },
      );
      await registry().putRecord(key, value, Math.min(now() + FRESH_MS, expires ?? Infinity));
    },
    async remove(key) {
      await registry().putRecord(key, GONE, now() + GONE_MS);
      await kv.delete(key);
    },
    list: (question) => kv.list(question),
  };
}
