import type { Caller } from "../auth/caller.ts";
import type { After } from "../core/patience.ts";
import type { LiveListener } from "./live-listener.ts";

/** A revoked credential is refused everywhere within 5 s, and so it stops hearing. */
const CHECK_MS = 3_000;

export type CredentialWatchDeps = Readonly<{
  stillValid: (caller: Caller) => Promise<boolean>;
  onInvalid: (listener: LiveListener) => void;
  after: After;
}>;

/** A stream may stay open for days, a credential may not: who loses it is ended. */
export class CredentialWatch {
  readonly #deps: CredentialWatchDeps;
  readonly #listeners = new Set<LiveListener>();
  #isWaiting = false;

  constructor(deps: CredentialWatchDeps) {
    this.#deps = deps;
  }

  add(listener: LiveListener): void {
    this.#listeners.add(listener);
    this.#checkLater();
  }

  remove(listener: LiveListener): void {
    this.#listeners.delete(listener);
  }

  #checkLater(): void {
    if (this.#isWaiting || this.#listeners.size === 0) return;
    this.#isWaiting = true;
    this.#deps.after(CHECK_MS, () => {
      this.#isWaiting = false;
      this.#checkLater();
      void this.#check();
    });
  }

  /** Each credential once, however many listen with it. */
  async #check(): Promise<void> {
    const byCredential = Map.groupBy(this.#listeners, ({ caller }) => caller.credentialId);
    await Promise.all(
      [...byCredential.values()].map(async (listeners) => {
        const [first] = listeners;
        if (first === undefined) return;
        // Not knowing is neither yes nor no: it is asked again.
        const isValid = await this.#deps.stillValid(first.caller).catch(() => true);
        if (isValid) return;
        for (const listener of listeners) {
          if (this.#listeners.delete(listener)) this.#deps.onInvalid(listener);
        }
      }),
    );
  }
}
