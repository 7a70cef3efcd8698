import { afterForgetting, afterOffline } from "./backend-health.ts";
import type { BackendMemory } from "./backend-memory.ts";
import type { ConnectorSeat } from "./connector-seat.ts";
import type { SocketOwner } from "./connector-socket.ts";
import { OFFLINE_GRACE_MS } from "./retry-times.ts";

export type ConnectorCareDeps = Readonly<{
  memory: BackendMemory;
  seat: ConnectorSeat;
  /** Has the object look again in so many milliseconds, or sooner. */
  schedule: (ms: number) => Promise<void>;
  report: () => Promise<void>;
  /** Asks the registry itself whether a credential is still one. */
  isGood: (credential: string) => Promise<boolean>;
  waitUntil: (work: Promise<unknown>) => void;
  now: () => number;
}>;

/** What a backend's object does for a connector besides speaking through it. */
export class ConnectorCare {
  readonly #deps: ConnectorCareDeps;

  constructor(deps: ConnectorCareDeps) {
    this.#deps = deps;
  }

  /** Whether a connector brings this backend. */
  get isNeeded(): boolean {
    return this.#deps.memory.order?.config.transport.kind === "stdio";
  }

  /** It brings this backend, and has nothing to bring now. */
  get isMissed(): boolean {
    return this.isNeeded && this.#deps.seat.line === undefined;
  }

  /**
   * A legacy local server says unasked when its lists change, or says that they never do: looking
   * every minute would only keep everybody awake.
   */
  get tellsOfChanges(): boolean {
    return this.isNeeded && this.#deps.memory.kept.connection?.era === "legacy";
  }

  async accept(owner: SocketOwner): Promise<Response> {
    const { seat, schedule, now, waitUntil } = this.#deps;
    const response = seat.accept(owner);
    if (owner.credential !== undefined) waitUntil(this.#verify(owner.credential));
    if (owner.expiresAt !== undefined) await schedule(owner.expiresAt - now());
    return response ?? new Response(null, { status: 429 });
  }

  /**
   * Who let it in may not have heard yet that the key was revoked, and what is here now was not here
   * to be told. From now on it will be.
   */
  async #verify(credential: string): Promise<void> {
    const { seat, isGood } = this.#deps;
    // A registry that does not answer has revoked nothing just now, either.
    if (!(await isGood(credential).catch(() => true))) seat.revoke(credential);
  }

  /** The credential of a connector ends in its sleep, too. */
  async watchExpiry(): Promise<void> {
    const { seat, schedule, now } = this.#deps;
    if (seat.expiresAt !== undefined) await schedule(seat.expiresAt - now());
  }

  /** Calls fail at once from now on; what was offered is listed for a while, or as long as wished. */
  async noteAbsence(): Promise<void> {
    const { memory, seat, report } = this.#deps;
    const { order, kept } = memory;
    if (order === undefined || !this.isNeeded) return;
    const now = this.#deps.now();
    memory.keep(afterOffline(kept, { now, problem: seat.problem }));
    if (kept.listingHash !== undefined && order.config.whenOffline !== "keep") {
      await this.#forgetIn((kept.offlineSince ?? now) + OFFLINE_GRACE_MS - now);
    }
    await this.watchExpiry();
    await report();
  }

  async #forgetIn(ms: number): Promise<void> {
    const { memory, schedule } = this.#deps;
    if (ms > 0) return schedule(ms);
    memory.store.clearListing();
    memory.keep(afterForgetting());
    return undefined;
  }
}
