import type { ListedPage } from "../../src/auth/oauth-kv.ts";

type PutOptions = { expiration?: number; expirationTtl?: number; metadata?: unknown };
type ListOptions = { prefix: string; limit: number; cursor?: string };

/** The part of a KV namespace the gateway uses, as `env.GATEWAY_KV` gives it. */
export type PlainKv = Readonly<{
  get: (key: string) => Promise<string | null>;
  put: (key: string, value: string, options?: PutOptions) => Promise<void>;
  delete: (key: string) => Promise<void>;
  list: (options: ListOptions) => Promise<ListedPage>;
}>;

export type LaggyWorld = Readonly<{
  /** The namespace as one location of the world sees it. */
  at: (colo: string) => PlainKv;
  /** From now on every operation fails, as during an outage. */
  fail: (down: boolean) => void;
}>;

/** What Cloudflare documents: "up to 60 seconds or more", negative lookups included. */
const STALE_MS = 60_000;
const WRITE_INTERVAL_MS = 1_000;

type Cached = Readonly<{ value: string | null; until: number }>;
type Propagating = Readonly<{ colo: string; before: string | null; until: number }>;

/**
 * A KV namespace with the consistency production has and local runtimes do not: each location
 * caches what it read and what it did not find, a write stays unseen elsewhere, and a key takes one
 * write per second.
 */
export function createLaggyWorld(kv: PlainKv, now: () => number = Date.now): LaggyWorld {
  const caches = new Map<string, Map<string, Cached>>();
  const propagating = new Map<string, Propagating>();
  const writes = new Map<string, number>();
  let down = false;

  function requireUp(): void {
    if (down) throw new Error("KV GET failed: 500 Internal Server Error");
  }

  async function change(colo: string, key: string, write: () => Promise<void>): Promise<void> {
    requireUp();
    const last = writes.get(key) ?? -Infinity;
    if (now() - last < WRITE_INTERVAL_MS) throw new Error("KV PUT failed: 429 Too Many Requests");
    writes.set(key, now());
    propagating.set(key, { colo, before: await kv.get(key), until: now() + STALE_MS });
    await write();
    caches.get(colo)?.delete(key);
  }

  return {
    fail: (state) => {
      down = state;
    },
    at: (colo) => {
      const cache = caches.get(colo) ?? new Map<string, Cached>();
      caches.set(colo, cache);
      return {
        async get(key) {
          requireUp();
          const cached = cache.get(key);
          if (cached !== undefined && cached.until > now()) return cached.value;
          const moving = propagating.get(key);
          const unseen = moving !== undefined && moving.until > now() && moving.colo !== colo;
          const value = unseen ? moving.before : await kv.get(key);
          cache.set(key, { value, until: now() + STALE_MS });
          return value;
        },
        put: (key, value, options) => change(colo, key, () => kv.put(key, value, options)),
        delete: (key) => change(colo, key, () => kv.delete(key)),
        async list(options) {
          requireUp();
          return kv.list(options);
        },
      };
    },
  };
}
