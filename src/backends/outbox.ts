import type { JsonObject } from "../core/json.ts";

/** Beyond this the listener is too slow for the backend, and misses what is new. */
const MAX_WAITING = 200;

/** Notifications for one listener, in the order in which they came. */
export class Outbox {
  readonly #send: (message: JsonObject) => Promise<unknown>;
  readonly #waiting: JsonObject[] = [];
  /** As text: a resource that changes a thousand times a second is told of once per delivery. */
  readonly #texts = new Set<string>();
  #isSending = false;

  constructor(send: (message: JsonObject) => Promise<unknown>) {
    this.#send = send;
  }

  put(message: JsonObject): void {
    const isUpdate = message["method"] === "notifications/resources/updated";
    const text = isUpdate ? JSON.stringify(message) : undefined;
    if (text !== undefined && this.#texts.has(text)) return;
    if (this.#waiting.length >= MAX_WAITING) return;
    if (text !== undefined) this.#texts.add(text);
    this.#waiting.push(message);
    if (!this.#isSending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#texts.delete(JSON.stringify(message));
      await this.#send(message).catch(() => {}); // the listener is gone, or comes again
    }
    this.#isSending = false;
  }
}
