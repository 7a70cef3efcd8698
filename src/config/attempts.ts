import type { Attempt, AttemptVerdict } from "./registry.ts";

/** Beyond this the oldest windows go first: an attacker with many addresses cannot fill memory. */
const MAX_BUCKETS = 10_000;

type Window = { count: number; until: number };

/**
 * Fixed windows in the registry's memory. Eviction forgets them, which the platform does only after
 * a quiet minute: acceptable for limits on guessing, and it costs no write per guess.
 */
export class Attempts {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  count({ bucket, limit, windowMs }: Attempt): AttemptVerdict {
    const now = this.#now();
    const held = this.#windows.get(bucket);
    const window =
      held !== undefined && held.until > now ? held : { count: 0, until: now + windowMs };
    window.count += 1;
    this.#windows.delete(bucket); // re-inserted last, so that the Map keeps the order of use
    this.#windows.set(bucket, window);
    if (this.#windows.size > MAX_BUCKETS) {
      const oldest = this.#windows.keys().next().value;
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    return {
      allowed: window.count <= limit,
      retryAfter: Math.max(1, Math.ceil((window.until - now) / 1_000)),
    };
  }
}
