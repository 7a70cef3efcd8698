import type { After } from "../../src/core/patience.ts";

/** A clock that stands still until it is told to go on. */
export type ManualClock = Readonly<{
  now: () => number;
  after: After;
  sleep: (ms: number) => Promise<void>;
  /** Lets time pass, firing what is due in order and letting what follows run. */
  advance: (ms: number) => Promise<void>;
  /** How many timers are set. */
  waiting: () => number;
}>;

export function createManualClock(): ManualClock {
  let time = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const after: After = (ms, callback) => {
    const timer = { at: time + ms, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    now: () => time,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    async advance(ms) {
      const end = time + ms;
      await settled();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        time = Math.max(time, next.at);
        next.callback();
        await settled();
      }
      time = end;
    },
    waiting: () => timers.size,
  };
}

/** Everything that follows from what has happened, short of real I/O. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
