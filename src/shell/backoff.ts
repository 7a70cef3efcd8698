/** How long a thing that broke has to hold before it is believed to be well again. */
const WELL_AFTER_MS = 30_000;

export type BackoffTimes = Readonly<{ firstMs: number; maxMs: number }>;

/**
 * Waits between tries, each about twice the last. A thing that comes up and breaks every second is
 * not well: only one that held for a while begins anew with the short wait.
 */
export class Backoff {
  readonly #times: BackoffTimes;
  readonly #now: () => number;
  readonly #random: () => number;
  #tries = 0;
  #upSince: number | undefined;

  constructor(times: BackoffTimes, { now = () => performance.now(), random = Math.random } = {}) {
    this.#times = times;
    this.#now = now;
    this.#random = random;
  }

  /** It works again. */
  up(): void {
    this.#upSince = this.#now();
  }

  /** Milliseconds until the next try: by chance in the upper half, so that many do not return at once. */
  next(): number {
    if (this.#upSince !== undefined && this.#now() - this.#upSince >= WELL_AFTER_MS) {
      this.#tries = 0;
    }
    this.#upSince = undefined;
    const { firstMs, maxMs } = this.#times;
    const whole = Math.min(maxMs, firstMs * 2 ** this.#tries);
    if (whole < maxMs) this.#tries += 1;
    return Math.round(whole * (0.5 + this.#random() / 2));
  }
}
