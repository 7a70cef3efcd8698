import type { Caller } from "../auth/caller.ts";
import { randomToken } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { HeldCall } from "./held-call.ts";
import { STATE_LIFE_MS } from "./request-state.ts";

/** Of one user at the same time: each keeps a connection to its backend. */
const MAX_HELD = 50;

type Held = {
  readonly call: HeldCall;
  readonly credentialId: string;
  /** The newest request of the client that waits for it. */
  waiter: string | undefined;
  /** The smallest number that no other held call has. */
  readonly slot: number;
  /** Ends the call when nobody comes back; off while a request waits for it. */
  timer: ReturnType<typeof setTimeout> | undefined;
};

/**
 * The held calls of one user. They are in memory only, because what they hold is a connection: when
 * the object is lost, the client is told that its question is no longer open.
 */
export class HeldCalls {
  readonly #calls = new Map<string, Held>();

  /** Throws `rate_limited`. */
  start(caller: Caller, call: HeldCall): Readonly<{ handle: string; slot: number }> {
    if (this.#calls.size >= MAX_HELD) {
      throw new GatewayError(
        "rate_limited",
        `Cannot call: ${MAX_HELD} calls wait for answers already`,
      );
    }
    const handle = randomToken(24);
    const taken = new Set([...this.#calls.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    const { credentialId } = caller;
    const idle = { waiter: undefined, timer: undefined };
    this.#calls.set(handle, { call, credentialId, slot, ...idle });
    return { handle, slot };
  }

  /** `waiter` names the request that waits. Undefined for what is over, unknown or somebody else's. */
  resume(caller: Caller, handle: string, waiter: string): HeldCall | undefined {
    const held = this.#calls.get(handle);
    if (held === undefined || held.credentialId !== caller.credentialId) return undefined;
    clearTimeout(held.timer);
    held.waiter = waiter;
    return held.call;
  }

  /**
   * The client has closed the stream of this request, which is how it cancels (2026-07-28,
   * basic/utilities/cancellation), unless it waits in another one or has been answered.
   */
  abandon(waiter: string): void {
    for (const [handle, held] of this.#calls) {
      if (held.waiter !== waiter) continue;
      held.call.abort();
      this.end(handle);
    }
  }

  /** The client has been asked and is away: it has the life of a state to come back. */
  park(handle: string): void {
    const held = this.#calls.get(handle);
    if (held === undefined) return;
    clearTimeout(held.timer);
    held.waiter = undefined;
    held.call.listen(undefined);
    held.timer = setTimeout(() => {
      held.call.abort();
      this.end(handle);
    }, STATE_LIFE_MS);
  }

  end(handle: string): void {
    clearTimeout(this.#calls.get(handle)?.timer);
    this.#calls.delete(handle);
  }
}
