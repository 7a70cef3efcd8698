import { DurableObject } from "cloudflare:workers";
import { SearchIndex } from "./search-index.ts";
import type { SearchAnswer, SearchAsk, SearchStub, SearchSupply } from "./search-stub.ts";

/** It needs nothing of the environment. */
type Env = object;

/** Finds tools of listings by what they do. What it holds can be given again, by whoever asks. */
export class SearchObject extends DurableObject<Env> implements SearchStub {
  readonly #index: SearchIndex;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#index = new SearchIndex(ctx.storage.sql, Date.now);
  }

  async search(ask: SearchAsk): Promise<SearchAnswer> {
    return this.#index.search(ask);
  }

  async supply(supply: SearchSupply): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#index.supply(supply));
  }
}
