import { updatedUri } from "../core/change-notices.ts";
import type { JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import { within } from "../core/within.ts";

/** As many as one user may watch. A listener too slow for more than that misses what is new. */
const MAX_WAITING = 1_000;
/** A listener that hangs misses one message, not all that follow. */
const DELIVERY_MS = 10_000;

/** Notifications for one listener, in the order in which they came. */
export class Outbox {
  readonly #send: (message: JsonObject) => Promise<unknown>;
  readonly #after: After;
  /** By text: a resource that changes a thousand times a second is told of once per delivery. */
  readonly #updates = new Set<string>();
  readonly #waiting: JsonObject[] = [];
  #isSending = false;

  constructor(send: (message: JsonObject) => Promise<unknown>, after: After) {
    this.#send = send;
    this.#after = after;
  }

  put(message: JsonObject): void {
    const isUpdate = updatedUri(message) !== undefined;
    const text = isUpdate ? JSON.stringify(message) : undefined;
    if (text !== undefined && this.#updates.has(text)) return;
    if (this.#waiting.length >= MAX_WAITING) return;
    if (text !== undefined) this.#updates.add(text);
    this.#waiting.push(message);
    if (!this.#isSending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#updates.delete(JSON.stringify(message));
      // What the listener throws is its own affair: it is gone, or comes again.
      await within(DELIVERY_MS, this.#send(message), this.#after);
    }
    this.#isSending = false;
  }
}
