import type { Caller } from "../auth/caller.ts";
import { GatewayError } from "../core/errors.ts";
import { Paced } from "../core/paced.ts";
import type { After } from "../core/patience.ts";
import type { Fingerprint, Scope } from "../gateway/gateway.ts";
import { viewKey } from "../gateway/view.ts";
import { CHANGING_LISTS, type ChangingList, type LiveListener } from "./live-listener.ts";

/** Changes that come closer together are looked at together. */
const ROUND_MS = 250;
/** The registry or a listing cannot be read: between the first and the longest pause. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A watch that ends sooner without a change was turned away, because too many wait. */
const TURNED_AWAY_MS = 10_000;
const TURNED_AWAY_PAUSE_MS = 5_000;

export type LiveListsDeps = Readonly<{
  /** Settles when the change number differs, or after a while; afterwards `fingerprint` is of then. */
  watch: (change: number) => Promise<number>;
  fingerprint: (caller: Caller, scope: Scope) => Promise<Fingerprint>;
  /** Something changed, whether or not anybody here sees it. */
  onChange: () => void;
  after: After;
  now: () => number;
}>;

/** What a client was last known to see; `change` is what that is from. */
type Seen = Fingerprint;
type Member = { seen: Seen | undefined; readonly paced: Paced<ChangingList> };

/**
 * Tells listeners that a list has changed, each only of what its own caller sees. All of them
 * together keep one watch on the registry going; without listeners nothing runs.
 */
export class LiveLists {
  readonly #deps: LiveListsDeps;
  readonly #members = new Map<LiveListener, Member>();
  #isRunning = false;

  constructor(deps: LiveListsDeps) {
    this.#deps = deps;
  }

  /** Hears of every change after this has settled. */
  async add(listener: LiveListener): Promise<void> {
    const member: Member = {
      seen: undefined,
      paced: new Paced(this.#deps.after, (list) =>
        listener.deliver({ jsonrpc: "2.0", method: `notifications/${list}/list_changed` }),
      ),
    };
    this.#members.set(listener, member);
    // What cannot be seen now is looked at until it can, and compared from then on.
    const seen = await this.#look(listener).catch(() => undefined);
    member.seen ??= seen;
    if (!this.#isRunning) void this.#run();
  }

  remove(listener: LiveListener): void {
    this.#members.get(listener)?.paced.stop();
    this.#members.delete(listener);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let failures = 0;
    while (this.#members.size > 0) {
      const asked = this.#deps.now();
      let pause = ROUND_MS;
      try {
        const known = this.#oldest();
        const change = await this.#deps.watch(known);
        if (change !== known) await this.#compare(change);
        else if (this.#deps.now() - asked < TURNED_AWAY_MS) pause = TURNED_AWAY_PAUSE_MS;
        failures = this.#oldest() < 0 ? failures + 1 : 0;
      } catch {
        failures += 1; // what changed meanwhile is seen when the registry is back
      }
      if (failures > 0) pause = Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
      if (this.#members.size > 0) {
        await new Promise<void>((resolve) => void this.#deps.after(pause, resolve));
      }
    }
    this.#isRunning = false;
  }

  /** Everything since then is compared again; less than all changes while something is not known. */
  #oldest(): number {
    let oldest = Infinity;
    for (const { seen } of this.#members.values()) oldest = Math.min(oldest, seen?.change ?? -1);
    return oldest;
  }

  async #compare(newest: number): Promise<void> {
    const looks = new Map<string, Promise<Seen>>();
    for (const [listener, member] of this.#members) {
      const { caller, scope } = listener;
      const key = viewKey(caller.policyId, scope);
      const look = looks.get(key) ?? this.#look(listener, newest);
      looks.set(key, look);
      const seen = await look;
      const before = member.seen;
      member.seen = seen;
      if (before === undefined) continue;
      for (const list of CHANGING_LISTS) {
        if (listener.lists.has(list) && before[list] !== seen[list]) member.paced.hit(list);
      }
    }
    this.#deps.onChange();
  }

  async #look({ caller, scope }: LiveListener, newest = -1): Promise<Seen> {
    try {
      return await this.#deps.fingerprint(caller, scope);
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === "not_found")) throw error;
      // The endpoint's backend is not there, or not for this caller: one more state of its lists.
      return { change: newest, tools: "", prompts: "", resources: "" };
    }
  }
}
