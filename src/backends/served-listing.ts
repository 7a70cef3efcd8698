import type { Listing } from "../catalog/listing.ts";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import { createAtOnce } from "../core/at-once.ts";
import { afterJudging } from "./backend-health.ts";
import type { BackendMemory } from "./backend-memory.ts";
import type { BackendStub } from "./backend-stub.ts";
import { isPersonal } from "./login-names.ts";
import { ToolTrust } from "./tool-trust.ts";
import type { TrustStore } from "./trust-store.ts";

export type ServedListingDeps = Readonly<{
  memory: BackendMemory;
  pins: TrustStore;
  publicUrl: string | undefined;
  /** Of the object this is in. */
  objectName: () => string;
  object: (name: string) => Pick<BackendStub, "judge" | "judgedAnew">;
  now: () => number;
}>;

/** Six requests may wait at once in one invocation. */
const TOLD_AT_ONCE = 5;

/**
 * What of its listing a backend's object serves. The pins are in the object that is everybody's;
 * somebody's own asks that one, because a verdict is for all.
 */
export class ServedListing {
  readonly #deps: ServedListingDeps;
  readonly #trust: ToolTrust;

  constructor(deps: ServedListingDeps) {
    this.#deps = deps;
    this.#trust = new ToolTrust({
      store: deps.pins,
      served: () => deps.memory.store.readListing(),
      publicUrl: deps.publicUrl,
      now: deps.now,
    });
  }

  /** What of a new listing is served; undefined: what is served already. */
  async judge(order: BackendOrder, raw: Listing): Promise<Listing | undefined> {
    const { memory, object, objectName } = this.#deps;
    if (memory.kept.role === "shared") {
      const isServed = await this.#trust.isServed(order, raw, memory.kept.listingHash);
      return isServed ? undefined : this.#trust.judge(order, raw);
    }
    const listing = await object(order.config.name).judge(order, raw, objectName());
    this.#trust.remember(raw, listing);
    return listing;
  }

  /** The listing of before once more: the order or a verdict may be another now. */
  again(order: BackendOrder): Promise<Listing | undefined> {
    if (this.#deps.memory.kept.role === "shared") return this.#trust.again(order);
    const raw = this.#trust.recall();
    return raw === undefined ? Promise.resolve(undefined) : this.judge(order, raw);
  }

  /** For an object of somebody's own. */
  async judgeFor(asker: string, order: BackendOrder, raw: Listing): Promise<Listing> {
    const { memory, pins, now } = this.#deps;
    const { order: newest = order } = memory;
    const listing = await this.#trust.judge(isPersonal(newest.config) ? newest : order, raw);
    pins.noteAsker(asker, now());
    this.serve(undefined);
    return listing;
  }

  async decide(order: BackendOrder, verdicts: readonly ToolVerdict[]): Promise<void> {
    this.serve(await this.#trust.decide(order, verdicts));
  }

  /** Whoever cannot be told asks again when they list. */
  async tellAskers(): Promise<void> {
    const { pins, object } = this.#deps;
    const atOnce = createAtOnce(TOLD_AT_ONCE);
    const tell = async (name: string): Promise<void> => {
      const isThere = await object(name)
        .judgedAnew()
        .catch(() => true);
      if (!isThere) pins.dropAsker(name);
    };
    await Promise.all(pins.askers().map((name) => atOnce(() => tell(name))));
  }

  /** Undefined: the listing is what it was, only what waits may have changed. */
  serve(listing: Listing | undefined): void {
    const { memory } = this.#deps;
    const toReview = this.#trust.waiting();
    if (listing === undefined) {
      if (toReview !== memory.kept.toReview) memory.keep({ toReview });
      return;
    }
    if (listing.hash !== memory.kept.listingHash) memory.store.writeListing(listing);
    memory.keep(afterJudging(listing, toReview));
  }

  reviews(): readonly ToolReview[] {
    return this.#trust.reviews();
  }

  waiting(): number | undefined {
    return this.#trust.waiting();
  }
}
