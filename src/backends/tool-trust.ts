import { judgeTools } from "../catalog/judge-tools.ts";
import type { Listing } from "../catalog/listing.ts";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";
import { decideTools, EMPTY_BOOK, type TrustBook } from "../catalog/trust-book.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Trust } from "../config/gateway-config.ts";
import { trustOf } from "../config/trust-of.ts";
import { sha256Hex } from "../core/digest.ts";
import { afterTimeout } from "../core/patience.ts";
import { within } from "../core/within.ts";
import { listingHash } from "./collect-listing.ts";
import type { TrustStore } from "./trust-store.ts";

/** Hashing the largest listing takes a second. What was cancelled on its way never ends. */
const TURN_MS = 10_000;
/** How often a listing is judged anew because the book is another meanwhile. */
const MAX_ROUNDS = 3;

export type ToolTrustDeps = Readonly<{
  store: TrustStore;
  /** What is served now. */
  served: () => Listing | undefined;
  publicUrl: string | undefined;
  now: () => number;
}>;

/**
 * Between what a backend lists and what of it is served. One at a time: hashing takes a while, and
 * what is decided in the meantime must not be lost.
 */
export class ToolTrust {
  readonly #deps: ToolTrustDeps;
  #last: Promise<unknown> = Promise.resolve();
  /** Of the book: whoever waited too long for their turn does not undo what was decided since. */
  #revision = 0;

  constructor(deps: ToolTrustDeps) {
    this.#deps = deps;
  }

  /** What of a new listing is served. */
  judge(order: BackendOrder, raw: Listing): Promise<Listing> {
    return this.#inTurn(() => this.#judge(order, raw));
  }

  /** What was judged elsewhere, to have it judged again. */
  remember(raw: Listing, listing: Listing): void {
    this.#deps.store.keepRaw(raw.hash === listing.hash ? undefined : raw);
  }

  recall(): Listing | undefined {
    return this.#deps.store.raw() ?? this.#deps.served();
  }

  reviews(): readonly ToolReview[] {
    return this.#deps.store.book().reviews;
  }

  /** How many wait; undefined for none. */
  waiting(): number | undefined {
    const waiting = this.#deps.store.state()?.waiting ?? 0;
    return waiting === 0 ? undefined : waiting;
  }

  /** Whether what is served now, by its hash, is what this comes to: then nothing is to be judged. */
  async isServed(order: BackendOrder, raw: Listing, served: string | undefined): Promise<boolean> {
    const { store, publicUrl } = this.#deps;
    const state = store.state();
    if (served === undefined || state?.judged?.served !== served) return false;
    const from = sourceOf(trustOf(order, publicUrl), raw);
    return state.judged.from === from && state.address === (await addressOf(order));
  }

  /** The same listing once more, under an order that may trust it otherwise. */
  again(order: BackendOrder): Promise<Listing | undefined> {
    return this.#inTurn(async () => {
      const raw = await this.#listed(order);
      return raw === undefined ? undefined : this.#judge(order, raw);
    });
  }

  /** What is served after it; undefined where that has not been listed here. Throws `conflict`. */
  decide(order: BackendOrder, verdicts: readonly ToolVerdict[]): Promise<Listing | undefined> {
    return this.#inTurn(async () => {
      const { store } = this.#deps;
      const raw = await this.#listed(order);
      const state = store.state();
      const book = decideTools(store.book(), verdicts, { variants: hasVariants(order) });
      this.#revision += 1;
      store.keepBook(book);
      if (state !== undefined) store.keep({ address: state.address, waiting: countWaiting(book) });
      return raw === undefined ? undefined : this.#judge(order, raw);
    });
  }

  async #judge(order: BackendOrder, raw: Listing, round = 1): Promise<Listing> {
    const { store, publicUrl, now } = this.#deps;
    const revision = this.#revision;
    const trust = trustOf(order, publicUrl);
    if (trust === "off") {
      this.#revision += 1;
      store.clear();
      return raw;
    }
    const variants = hasVariants(order);
    const address = await addressOf(order);
    const state = store.state();
    const isKnown = state?.address === address;
    const before = isKnown ? store.book() : await this.#begin(trust, variants);
    const { listing, book } = await judgeTools(raw, before, { trust, variants, now: now() });
    const result = await withHash(listing);
    if (revision !== this.#revision && round < MAX_ROUNDS) {
      return this.#judge(order, raw, round + 1);
    }
    this.#revision += 1;
    // Without an await in between, what is written is written together.
    store.keep({
      address,
      judged: { from: sourceOf(trust, raw), served: result.hash },
      waiting: countWaiting(book),
    });
    store.keepBook(book);
    store.keepRaw(result.hash === raw.hash || variants ? undefined : raw);
    return result;
  }

  /** What the backend listed last; nothing where everybody is listed something else. */
  async #listed(order: BackendOrder): Promise<Listing | undefined> {
    const { store, served } = this.#deps;
    if (hasVariants(order)) return undefined;
    const isKnown = store.state()?.address === (await addressOf(order));
    return (isKnown ? store.raw() : undefined) ?? served();
  }

  /** What was served before anybody asked is approved; without that, what is listed first. */
  async #begin(trust: Exclude<Trust, "off">, variants: boolean): Promise<TrustBook> {
    const listing = this.#deps.served();
    if (listing === undefined || variants) return EMPTY_BOOK;
    const judging = { trust, variants, now: this.#deps.now() };
    return (await judgeTools(listing, EMPTY_BOOK, judging)).book;
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = within(TURN_MS, this.#last, afterTimeout).then(work);
    this.#last = done.catch(() => {}); // its own caller is told
    return done;
  }
}

function sourceOf(trust: Trust, { hash }: Listing): string {
  return `${trust} ${hash}`;
}

function countWaiting({ reviews, more }: TrustBook): number {
  return reviews.filter(({ refused }) => !refused).length + more;
}

/** Where each person is listed what they may do, the same tool is not the same for all. */
function hasVariants({ config }: BackendOrder): boolean {
  return config.credentials === "per-user";
}

/** A new key or header leaves it the same backend, another address does not. */
async function addressOf({ config: { transport } }: BackendOrder): Promise<string> {
  return sha256Hex("url" in transport ? transport.url : transport.kind);
}

async function withHash({ hash: _hash, ...content }: Listing): Promise<Listing> {
  return { hash: await listingHash(content), ...content };
}
