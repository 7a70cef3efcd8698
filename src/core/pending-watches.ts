import type { After } from "./patience.ts";

/** Shorter than what a platform lets a silent call between two objects last. */
const WATCH_MS = 20_000;
/** One for each user with an open stream; each costs a promise and a timer here. */
const MAX_WATCHES = 5_000;

/** Those who wait for the next change; woken together, or one by one when their time is over. */
export class PendingWatches {
  readonly #after: After;
  readonly #pending = new Set<() => void>();

  constructor(after: After) {
    this.#after = after;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Until the next `wake`, 20 s at most; the oldest is let go early when there are too many. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        if (!this.#pending.delete(settle)) return;
        callOff();
        resolve();
      };
      const callOff = this.#after(WATCH_MS, settle);
      this.#pending.add(settle);
      const [oldest] = this.#pending;
      if (this.#pending.size > MAX_WATCHES) oldest?.();
    });
  }

  wake(): void {
    for (const settle of this.#pending) settle();
  }
}
