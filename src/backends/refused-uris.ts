/**
 * Resources that a modern backend refuses to watch. It refuses a filter as a whole (2026-07-28,
 * subscriptions/listen), and one that was asked for by one user must not cost the others theirs: what
 * was not in a filter it has taken is left out.
 */
export class RefusedUris {
  readonly #taken = new Set<string>();
  /** Until when each is left out, epoch ms. */
  readonly #refused = new Map<string, number>();

  /** Those of `uris` that are worth asking for; what is not among them is forgotten. */
  without(uris: readonly string[], now: number): readonly string[] {
    const wanted = new Set(uris);
    for (const uri of this.#taken) if (!wanted.has(uri)) this.#taken.delete(uri);
    for (const [uri, until] of this.#refused) {
      if (!wanted.has(uri) || until <= now) this.#refused.delete(uri);
    }
    return uris.filter((uri) => !this.#refused.has(uri));
  }

  take(uris: readonly string[]): void {
    for (const uri of uris) this.#taken.add(uri);
  }

  /** A filter with `uris` was refused. False: without them it would have been just the same. */
  refuse(uris: readonly string[], until: number): boolean {
    const fresh = uris.filter((uri) => !this.#taken.has(uri));
    for (const uri of fresh.length > 0 ? fresh : uris) {
      this.#taken.delete(uri);
      this.#refused.set(uri, until);
    }
    return uris.length > 0;
  }

  forget(): void {
    this.#taken.clear();
    this.#refused.clear();
  }
}
