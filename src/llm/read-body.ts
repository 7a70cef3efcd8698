import type { CallSignal } from "../core/call-signal.ts";
import type { After } from "../core/patience.ts";
import { fellSilent, providerFailed, wasCancelled } from "./chunk-fault.ts";
import type { ProviderError } from "./provider-error.ts";

/** How long one waits for a provider, and for whom. */
export type Waiting = Readonly<{
  /** Its name, for what a caller reads. */
  provider: string;
  /** Silence longer than this ends the turn; what a slow reader takes for itself does not count. */
  timeoutMs: number;
  signal: CallSignal;
  after: After;
}>;

/** A timer per read would cost as much as the read; silence is noticed a part of it late. */
const TICKS = 4;
/** What began between two ticks has not lasted until the next one. */
const PART_OF_A_TICK = -1;
/** The end of a stream travels behind its last event. */
const END_WAIT_MS = 1_000;

/** The bytes of a provider's answer, read by read. One of `letGo` and `letEnd` has to be called. */
export class BodyReads {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #waiting: Waiting;
  readonly #onAbort = (): void => this.#stop(wasCancelled());
  /** Set while somebody waits. */
  #fail: ((why: ProviderError) => void) | undefined;
  #stopped: ProviderError | undefined;
  #isOver = false;
  #isLost = false;
  #silentTicks = 0;
  #callOff = (): void => {};

  constructor(body: ReadableStream<Uint8Array> | null, waiting: Waiting) {
    this.#reader = body?.getReader();
    this.#waiting = waiting;
    waiting.signal.addEventListener("abort", this.#onAbort);
    if (waiting.signal.aborted) this.#onAbort();
    else this.#watch();
  }

  /** The provider broke off or fell silent. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Gives `take` each read, and waits for what it answers before the next, until the end or until
   * one of `letGo` and `letEnd`. Throws ProviderError when the provider breaks off or falls silent,
   * and what `take` throws. Not `async`: per read, each such function costs what a chunk does.
   */
  forEach(take: (bytes: Uint8Array) => Promise<void> | void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const readOn = (): void => {
      if (this.#stopped !== undefined) return reject(this.#stopped);
      if (this.#reader === undefined || this.#isOver) return resolve();
      // A read that is under way does not always notice that its stream was cancelled.
      this.#fail = reject;
      this.#reader.read().then(onRead, onBroken);
    };
    const onRead = ({ value }: ReadableStreamReadResult<Uint8Array>): void => {
      this.#fail = undefined;
      this.#silentTicks = PART_OF_A_TICK;
      // When it was stopped, that has been told already.
      if (this.#stopped !== undefined || value === undefined) return resolve();
      try {
        const taken = take(value);
        if (taken === undefined) readOn();
        else taken.then(readOn, reject);
      } catch (error) {
        reject(error);
      }
    };
    const onBroken = (): void => {
      this.#fail = undefined;
      this.#isLost ||= this.#stopped === undefined;
      reject(providerFailed(this.#waiting.provider, "its answer broke off"));
    };
    readOn();
    return promise;
  }

  /** Nothing more is wanted. */
  letGo(): void {
    if (this.#close()) this.#cancel();
  }

  /**
   * All that was wanted is here. A stream that is cancelled before it closes its connection, and the
   * next turn would have to open another one, TLS included.
   */
  letEnd(): void {
    if (!this.#close() || this.#reader === undefined) return;
    const callOff = this.#waiting.after(END_WAIT_MS, () => this.#cancel());
    drain(this.#reader).then(callOff, callOff);
  }

  #close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#callOff();
    this.#waiting.signal.removeEventListener("abort", this.#onAbort);
    return true;
  }

  #cancel(): void {
    this.#reader?.cancel().catch(() => {}); // it broke off at the same time
  }

  #stop(why: ProviderError): void {
    this.#stopped = why;
    this.letGo();
    this.#fail?.(why);
  }

  #watch(): void {
    const { after, timeoutMs, provider } = this.#waiting;
    this.#callOff = after(timeoutMs / TICKS, () => {
      this.#silentTicks = this.#fail === undefined ? PART_OF_A_TICK : this.#silentTicks + 1;
      if (this.#silentTicks < TICKS) this.#watch();
      else {
        this.#isLost = true;
        this.#stop(fellSilent(provider, timeoutMs));
      }
    });
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
