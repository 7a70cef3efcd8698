import type { After } from "./patience.ts";

/** A backend may announce a thousand changes in a second: what follows from them is done once. */
const PACE_MS = 1_000;

/**
 * Acts on each key at once and then no more than once a second. What comes meanwhile is acted on
 * when the second is over, so that the last change is never lost.
 */
export class Paced<Key> {
  readonly #after: After;
  readonly #act: (key: Key) => void;
  readonly #pauses = new Map<Key, { isDue: boolean; callOff: () => void }>();

  constructor(after: After, act: (key: Key) => void) {
    this.#after = after;
    this.#act = act;
  }

  hit(key: Key): void {
    const pause = this.#pauses.get(key);
    if (pause === undefined) this.#now(key);
    else pause.isDue = true;
  }

  /** Nothing is done any more, not even what was due. */
  stop(): void {
    for (const { callOff } of this.#pauses.values()) callOff();
    this.#pauses.clear();
  }

  #now(key: Key): void {
    const callOff = this.#after(PACE_MS, () => {
      const pause = this.#pauses.get(key);
      this.#pauses.delete(key);
      if (pause?.isDue === true) this.#now(key);
    });
    this.#pauses.set(key, { isDue: false, callOff });
    this.#act(key);
  }
}
