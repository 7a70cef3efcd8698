import type { RequestId } from "../core/json-rpc.ts";

/**
 * How long a request may go without a message about it, from its first `heard` on. It stands still
 * while the client is asked something on its behalf: people take longer than machines.
 */
export class CallClock {
  readonly #limitMs: number | undefined;
  readonly #onLate: () => void;
  readonly #questions = new Set<RequestId>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number | undefined, onLate: () => void) {
    this.#limitMs = limitMs;
    this.#onLate = onLate;
  }

  heard(): void {
    clearTimeout(this.#timer);
    if (this.#limitMs === undefined || this.#questions.size > 0) return;
    this.#timer = setTimeout(this.#onLate, this.#limitMs);
  }

  asked(id: RequestId): void {
    this.#questions.add(id);
    clearTimeout(this.#timer);
  }

  answered(id: RequestId): void {
    if (this.#questions.delete(id)) this.heard();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
