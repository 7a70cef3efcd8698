import type { Attendance, BackendStub } from "../backends/backend-stub.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import { createAtOnce } from "../core/at-once.ts";
import type { After } from "../core/patience.ts";
import { within } from "../core/within.ts";

/** An attendance ends 40 s after it was last renewed: two renewals may go wrong. */
const RENEW_MS = 15_000;
/** Six connections may wait per invocation. */
const HOPS_AT_ONCE = 5;
/** A backend that hangs must not hold up the others; its object goes on connecting. */
const HOP_MS = 5_000;

/** Told to nobody: no attendance reads so. */
const LEFT = "left";

/** What somebody here wants to hear from one object of a backend. */
export type Wanted = Omit<Attendance, "listener"> &
  Readonly<{ object: string; order: BackendOrder }>;

/** What is asked of a backend's object here. */
export type Attended = Pick<BackendStub, "attend" | "leave">;

export type AttendancesDeps = Readonly<{
  /** The name of the object this is in: to it the backends' objects tell what they hear. */
  listener: string;
  backend: (object: string) => Attended;
  after: After;
}>;

type Entry = {
  /** By who wants it. */
  readonly wants: Map<string, Wanted>;
  /** What the object was last told; undefined when it was not, or did not take it. */
  told: string | undefined;
  syncing: Promise<void> | undefined;
};

/**
 * Keeps the objects of backends listening for as long as anybody here wants to hear: each is told
 * once what all want together, again when that changes, and every 15 s that somebody is still there.
 */
export class Attendances {
  readonly #deps: AttendancesDeps;
  readonly #objects = new Map<string, Entry>();
  readonly #hop = createAtOnce(HOPS_AT_ONCE);
  #isRenewing = false;

  constructor(deps: AttendancesDeps) {
    this.#deps = deps;
  }

  /**
   * From now on this and nothing else is what `who` wants. Settles when all of it is in place, or
   * could not be brought into place; it never fails, because it is tried again anyway.
   */
  async want(who: string, wanted: readonly Wanted[]): Promise<void> {
    const now = new Map(wanted.map((one) => [one.object, one]));
    const changed: Promise<void>[] = [];
    for (const [object, entry] of this.#objects) {
      if (!now.has(object) && entry.wants.delete(who)) changed.push(this.#sync(object, entry));
    }
    for (const [object, one] of now) {
      const entry: Entry = this.#objects.get(object) ?? {
        wants: new Map(),
        told: undefined,
        syncing: undefined,
      };
      this.#objects.set(object, entry);
      entry.wants.set(who, one);
      changed.push(this.#sync(object, entry));
    }
    if (!this.#isRenewing && this.#objects.size > 0) this.#renewLater();
    await Promise.all(changed);
  }

  /** One conversation with an object at a time, until it knows what is wanted now. */
  #sync(object: string, entry: Entry): Promise<void> {
    entry.syncing ??= this.#talk(object, entry);
    return entry.syncing;
  }

  async #talk(object: string, entry: Entry): Promise<void> {
    await Promise.resolve(); // so that this is known to be under way before it can be over
    let tried: string | undefined;
    for (;;) {
      const wanted = merge([...entry.wants.values()]);
      const telling = wanted === undefined ? LEFT : asText(wanted);
      // What was not taken is tried again with the next renewal.
      if (telling === entry.told || telling === tried) break;
      tried = telling;
      entry.told = (await this.#hop(() => this.#tell(object, wanted))) ? telling : undefined;
    }
    if (entry.wants.size === 0) this.#objects.delete(object);
    entry.syncing = undefined;
  }

  async #tell(object: string, wanted: Wanted | undefined): Promise<boolean> {
    const { listener, after } = this.#deps;
    const backend = this.#deps.backend(object);
    if (wanted === undefined) {
      await within(HOP_MS, backend.leave(listener), after); // or the attendance ends by itself
      return true;
    }
    const { object: _, order, ...rest } = wanted;
    const attended = backend.attend(order, { ...rest, listener });
    return (await within(HOP_MS, attended, after))?.ok === true;
  }

  #renewLater(): void {
    this.#isRenewing = this.#objects.size > 0;
    if (!this.#isRenewing) return;
    this.#deps.after(RENEW_MS, () => {
      for (const [object, entry] of this.#objects) {
        entry.told = undefined;
        void this.#sync(object, entry);
      }
      this.#renewLater();
    });
  }
}

function merge(wants: readonly Wanted[]): Wanted | undefined {
  const newest = wants.toSorted((a, b) => b.order.configVersion - a.order.configVersion)[0];
  if (newest === undefined) return undefined;
  return {
    ...newest,
    uris: [...new Set(wants.flatMap(({ uris }) => uris))].toSorted(),
    messages: wants.some(({ messages }) => messages),
  };
}

/** Equal when there is nothing new to tell. A new version of the config alone is nothing new. */
function asText(wanted: Wanted): string {
  const { order, role, capabilities, uris, messages } = wanted;
  return JSON.stringify([order.config, order.privateOrigins, role, capabilities, uris, messages]);
}
