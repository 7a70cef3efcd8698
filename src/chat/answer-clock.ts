import { type CallSignal, GiveUp } from "../core/call-signal.ts";
import type { After } from "../core/patience.ts";

/** Ends the model's work when its client leaves, and when the time for the whole answer is up. */
export class AnswerClock {
  readonly #stop = new GiveUp();
  readonly #callOff: () => void;
  #isLate = false;

  constructor({ signal, after }: Readonly<{ signal: CallSignal; after: After }>, ms: number) {
    const onLeft = (): void => this.#stop.abort();
    signal.addEventListener("abort", onLeft);
    if (signal.aborted) onLeft();
    const inTime = after(ms, () => {
      this.#isLate = !this.#stop.aborted;
      this.#stop.abort();
    });
    this.#callOff = () => {
      inTime();
      signal.removeEventListener("abort", onLeft);
    };
  }

  get signal(): CallSignal {
    return this.#stop;
  }

  /** It was the time that ended the work, not the client. */
  get isLate(): boolean {
    return this.#isLate;
  }

  end(): void {
    this.#callOff();
  }
}
