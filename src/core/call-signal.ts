/** The part of an AbortSignal that a call listens to. */
export type CallSignal = Readonly<{
  aborted: boolean;
  addEventListener: (type: "abort", listener: () => void) => void;
  removeEventListener: (type: "abort", listener: () => void) => void;
}>;

/**
 * An AbortController of plain JavaScript: the platform's own is an object of the runtime and shows
 * in the cost of a call. Aborts once.
 */
export class GiveUp implements CallSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}
