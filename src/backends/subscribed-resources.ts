import { createAtOnce } from "../core/at-once.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";

/** A backend that allows few requests at a time is not to be filled up with these. */
const AT_ONCE = 4;

/**
 * Keeps the `resources/subscribe` of one session of a legacy backend at what is wanted. Rejects
 * with LeaseLost when the session is gone.
 */
export class SubscribedResources {
  readonly #request: (method: string, params: JsonObject) => Promise<unknown>;
  readonly #atOnce = createAtOnce(AT_ONCE);
  readonly #subscribed = new Set<string>();

  constructor(request: (method: string, params: JsonObject) => Promise<unknown>) {
    this.#request = request;
  }

  async follow(uris: readonly string[]): Promise<void> {
    const wanted = new Set(uris);
    const gone = [...this.#subscribed].filter((uri) => !wanted.has(uri));
    const added = uris.filter((uri) => !this.#subscribed.has(uri));
    await Promise.all([
      ...gone.map((uri) => this.#atOnce(() => this.#unsubscribe(uri))),
      ...added.map((uri) => this.#atOnce(() => this.#subscribe(uri))),
    ]);
  }

  /** One that was refused counts as made: asking again would change nothing. */
  async #subscribe(uri: string): Promise<void> {
    try {
      await this.#request("resources/subscribe", { uri });
      this.#subscribed.add(uri);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // or no answer: tried with the next renewal
    }
  }

  async #unsubscribe(uri: string): Promise<void> {
    this.#subscribed.delete(uri);
    try {
      await this.#request("resources/unsubscribe", { uri });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // or no answer: what comes of it is dropped
    }
  }
}
