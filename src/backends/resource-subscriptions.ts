import { createAtOnce } from "../core/at-once.ts";

/** A backend with many subscriptions is still there for calls. */
const AT_ONCE = 4;

export type SubscriptionMethod = "resources/subscribe" | "resources/unsubscribe";

/**
 * What a legacy session was told to watch (2025-11-25, server/resources). A resource the backend
 * refuses counts as told: it would refuse it again.
 */
export class ResourceSubscriptions {
  #revision = -1;
  readonly #told = new Set<string>();

  /** Brings the session to watch exactly `uris`; throws what `send` throws, and goes on there next time. */
  async sync(
    revision: number,
    uris: readonly string[],
    send: (method: SubscriptionMethod, uri: string) => Promise<unknown>,
  ): Promise<void> {
    // A new session watches nothing.
    if (revision !== this.#revision) this.forget();
    this.#revision = revision;
    const told = this.#told;
    const wanted = new Set(uris);
    const atOnce = createAtOnce(AT_ONCE);
    let failure: unknown;
    const tell = (method: SubscriptionMethod, uri: string): Promise<void> =>
      atOnce(async () => {
        if (failure !== undefined) return;
        try {
          await send(method, uri);
        } catch (error) {
          failure ??= error;
          return;
        }
        if (revision !== this.#revision) return;
        if (method === "resources/subscribe") told.add(uri);
        else told.delete(uri);
      });
    await Promise.all([
      ...uris.filter((uri) => !told.has(uri)).map((uri) => tell("resources/subscribe", uri)),
      ...[...told]
        .filter((uri) => !wanted.has(uri))
        .map((uri) => tell("resources/unsubscribe", uri)),
    ]);
    if (failure !== undefined) throw failure;
  }

  get isEmpty(): boolean {
    return this.#told.size === 0;
  }

  forget(): void {
    this.#told.clear();
    this.#revision = -1;
  }
}
