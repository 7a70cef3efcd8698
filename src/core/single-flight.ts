/**
 * The same work once for all who ask while it runs. The runtime may cancel the event that began it
 * (an alarm that is replaced), and its promise then never settles: after `limitMs`, which is longer
 * than the work can take, it is begun anew instead of being waited for.
 */
export class SingleFlight {
  readonly #limitMs: number;
  #running: { readonly done: Promise<void>; readonly since: number } | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get isRunning(): boolean {
    return this.#running !== undefined && Date.now() - this.#running.since < this.#limitMs;
  }

  run(work: () => Promise<void>): Promise<void> {
    if (this.#running !== undefined && this.isRunning) return this.#running.done;
    const running = { done: work().finally(() => this.#finish(running)), since: Date.now() };
    this.#running = running;
    return running.done;
  }

  #finish(running: object): void {
    if (this.#running === running) this.#running = undefined;
  }
}
