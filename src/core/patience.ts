/** Calls back after `ms` milliseconds; answers how to call that off. */
export type After = (ms: number, callback: () => void) => () => void;

export const afterTimeout: After = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/** Requests that are over by then never cost more than one timer. No wait may be shorter. */
export const PATIENCE_MS = 1_000;

/**
 * All waits of one request on one real timer: a timer in workerd costs as much as parsing a body,
 * and nearly every request is over before any of its waits is. Only a request that is still there
 * after `PATIENCE_MS` gets the timers it asked for. The one timer is never cleared, because it ends
 * with its request; so this is for requests, not for Durable Objects.
 */
export function createPatience(now: () => number): After {
  let waits: Set<{ at: number; callback: () => void; off: () => void }> | undefined;
  let isSlow = false;

  function becomeSlow(): void {
    isSlow = true;
    for (const wait of waits ?? [])
      wait.off = afterTimeout(Math.max(0, wait.at - now()), wait.callback);
  }

  return (ms, callback) => {
    if (isSlow) return afterTimeout(ms, callback);
    if (waits === undefined) {
      waits = new Set();
      setTimeout(becomeSlow, PATIENCE_MS);
    }
    const mine = { at: now() + ms, callback, off: (): void => {} };
    const all = waits;
    all.add(mine);
    return () => {
      all.delete(mine);
      mine.off();
    };
  };
}
