import type { BackendOrder } from "../config/backend-order.ts";
import type { JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import type { Wanted } from "./attendances.ts";

/** A client that goes on calling keeps its backend listened to; one that is gone does not for long. */
const IDLE_MS = 10_000;

/** A connection to a backend that one client has for itself. */
export type OwnConnection = Readonly<{
  /** The backend's object. */
  object: string;
  order: BackendOrder;
  /** As they were declared to the backend. */
  capabilities: JsonObject;
  /** What the backend says outside of any answer; a question is answered with its response. */
  heard: (message: JsonObject) => Promise<JsonObject | undefined>;
  /** Whether the client listens although it does not call. */
  isListening: () => boolean;
}>;

export type OwnConnectionsDeps = Readonly<{
  /** From now on `who` wants to hear this and nothing else; settles when it is in place. */
  attend: (who: string, wanted: readonly Wanted[]) => Promise<void>;
  after: After;
  now: () => number;
}>;

type Used = { own: OwnConnection; usedAt: number };

/**
 * Many servers put their questions on the stream of the session instead of the call's own (the SDK
 * does so unless told otherwise). So where a client can be asked, its connections are listened to:
 * from before its first call until it is gone.
 */
export class OwnConnections {
  readonly #deps: OwnConnectionsDeps;
  readonly #used = new Map<string, Used>();

  constructor(deps: OwnConnectionsDeps) {
    this.#deps = deps;
  }

  /** Before a call: what the backend says from then on is heard. True when it was not before. */
  async use(own: OwnConnection): Promise<boolean> {
    const known = this.#used.get(own.object);
    const used = known ?? { own, usedAt: 0 };
    used.own = own;
    used.usedAt = this.#deps.now();
    this.#used.set(own.object, used);
    if (known === undefined) this.#checkLater(own.object);
    const { object, order, capabilities } = own;
    await this.#deps.attend(own.object, [
      { object, order, role: "session", capabilities, uris: [], messages: true },
    ]);
    return known === undefined;
  }

  async heard(object: string, message: JsonObject): Promise<JsonObject | undefined> {
    return this.#used.get(object)?.own.heard(message);
  }

  /** The connections of one client, by the name they have in common. */
  of(connection: string): readonly OwnConnection[] {
    return [...this.#used.values()]
      .map(({ own }) => own)
      .filter(({ object }) => object.endsWith(`/${connection}`));
  }

  /** The client is gone. */
  drop(object: string): void {
    if (this.#used.delete(object)) void this.#deps.attend(object, []);
  }

  #checkLater(object: string): void {
    this.#deps.after(IDLE_MS, () => {
      const used = this.#used.get(object);
      if (used === undefined) return;
      const isIdle = this.#deps.now() - used.usedAt >= IDLE_MS;
      if (isIdle && !used.own.isListening()) this.drop(object);
      else this.#checkLater(object);
    });
  }
}
