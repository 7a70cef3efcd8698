import { sha256Hex } from "../core/digest.ts";
import { viewKey, type View } from "./view.ts";

/** Callers with rules of their own, times scopes; each is a name and a reference. */
const MAX_KEYS = 20_000;
/**
 * Tools, prompts and resources in all views together. Lists of all of them as text are about 1 KB for
 * each, and an isolate has 128 MB.
 */
const MAX_ENTRIES = 40_000;

type Kept = {
  readonly content: string;
  readonly view: View;
  readonly entries: number;
  readonly keys: Set<string>;
  used: boolean;
};

/**
 * What callers see, by who they are. Callers with different rules often see the same, at the endpoint
 * of one backend nearly always: then they share one view and its texts. What nobody has asked for
 * since the last one went goes first.
 */
export class ViewMemory {
  readonly #byKey = new Map<string, Kept>();
  readonly #byContent = new Map<string, Kept>();
  #entries = 0;

  get(key: string): View | undefined {
    const kept = this.#byKey.get(key);
    if (kept === undefined) return undefined;
    kept.used = true;
    return kept.view;
  }

  /** The view that stands for `view` from now on, for all who ask by `key`. */
  async keep(
    policyId: string,
    view: View,
    key: string = viewKey(policyId, view.scope),
  ): Promise<View> {
    const content = await contentOf(policyId, view);
    const kept = this.#byContent.get(content) ?? this.#add(content, view);
    kept.keys.add(key);
    this.#byKey.set(key, kept);
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > MAX_KEYS && oldest !== undefined) this.#forget(oldest);
    return kept.view;
  }

  #add(content: string, view: View): Kept {
    const { tools, prompts, catalog } = view;
    const entries =
      1 + tools.size + prompts.size + catalog.resources.size + catalog.resourceTemplates.length;
    const kept: Kept = { content, view, entries, keys: new Set(), used: false };
    this.#entries += entries;
    while (this.#entries > MAX_ENTRIES && this.#byContent.size > 0) this.#dropOne();
    this.#byContent.set(content, kept);
    return kept;
  }

  #dropOne(): void {
    for (const [content, kept] of this.#byContent) {
      this.#byContent.delete(content);
      if (kept.used) {
        kept.used = false;
        this.#byContent.set(content, kept);
        continue;
      }
      this.#entries -= kept.entries;
      for (const key of kept.keys) this.#byKey.delete(key);
      return;
    }
  }

  #forget(key: string): void {
    this.#byKey.get(key)?.keys.delete(key);
    this.#byKey.delete(key);
  }
}

/** Equal for views of which everything is equal: what they are made of, and what of it is seen. */
function contentOf(
  policyId: string,
  { scope, offers, tools, catalog, house }: View,
): Promise<string> {
  // What a policy id says besides its rules, which have had their effect.
  const flags = policyId.split("+").slice(1);
  const made = offers.map(({ config, listing }) => [config.name, listing.hash]);
  const seen = [[...tools.keys()], [...catalog.whole], [...house.keys()]];
  return sha256Hex(JSON.stringify([scope, flags, made, seen]));
}
