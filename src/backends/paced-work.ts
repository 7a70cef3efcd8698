import type { After } from "../core/patience.ts";

/**
 * Work that is asked for in bursts: it begins at once, and not again until a pause has passed since;
 * what was asked for meanwhile is then done by one more.
 */
export class PacedWork {
  readonly #pauseMs: number;
  readonly #work: () => void;
  readonly #after: After;
  #state: "idle" | "pausing" | "due" = "idle";

  constructor(pauseMs: number, work: () => void, after: After) {
    this.#pauseMs = pauseMs;
    this.#work = work;
    this.#after = after;
  }

  ask(): void {
    if (this.#state !== "idle") {
      this.#state = "due";
      return;
    }
    this.#state = "pausing";
    this.#after(this.#pauseMs, () => {
      const isDue = this.#state === "due";
      this.#state = "idle";
      if (isDue) this.ask();
    });
    this.#work();
  }
}
