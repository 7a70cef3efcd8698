import type { BackendOrder } from "../config/backend-order.ts";
import { type BackendStore, type Kept, NOTHING_KEPT } from "./backend-store.ts";

/** What a backend's object knows, as long as it is in memory: a copy of what its storage holds. */
export class BackendMemory {
  readonly store: BackendStore;
  #kept: Kept = NOTHING_KEPT;
  #order: BackendOrder | undefined;
  #sessionId: string | undefined;

  constructor(store: BackendStore) {
    this.store = store;
  }

  get kept(): Kept {
    return this.#kept;
  }

  get order(): BackendOrder | undefined {
    return this.#order;
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  async restore(): Promise<void> {
    this.#kept = this.store.read();
    const sealed = await this.store.openSealed();
    this.#order = sealed?.order;
    this.#sessionId = sealed?.sessionId;
  }

  /** Storage before memory. */
  keep(change: Partial<Kept>, base: Kept = this.#kept): void {
    const kept = { ...base, ...change };
    this.store.write(kept);
    this.#kept = kept;
  }

  async keepOrder(order: BackendOrder): Promise<void> {
    await this.store.seal({ order, sessionId: this.#sessionId });
    this.#order = order;
  }

  /** Written by whoever calls this, before: sealing takes time, and the session may be over by then. */
  holdSession(sessionId: string | undefined): void {
    this.#sessionId = sessionId;
  }

  clear(): void {
    this.#order = undefined;
    this.#sessionId = undefined;
    this.#kept = NOTHING_KEPT;
    this.store.clear();
  }
}
