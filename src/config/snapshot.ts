import type { Registry, SnapshotData } from "./registry.ts";

/**
 * A change of policy is in force everywhere within 5 s: an isolate never acts on a snapshot older
 * than `MAX_AGE_MS`, and from `REFRESH_AGE_MS` on it fetches the next one while it answers.
 */
const MAX_AGE_MS = 4_000;
const REFRESH_AGE_MS = 1_500;

export type SnapshotSource = Readonly<{
  /** The snapshot as it is now; waits for the registry only when the last one is too old. */
  current: (context: { waitUntil: (work: Promise<unknown>) => void }) => Promise<SnapshotData>;
  /** The same without waiting: undefined when it is too old to act on. */
  peek: (context: { waitUntil: (work: Promise<unknown>) => void }) => SnapshotData | undefined;
  /** After a change of our own: the next reader asks the registry. */
  expire: () => void;
}>;

/** One per isolate. `registry` makes a stub for the request that asks: stubs are not shared. */
export function createSnapshotSource(registry: () => Registry, now: () => number): SnapshotSource {
  let held: SnapshotData | undefined;
  let heldAt = -Infinity;
  let refreshing = false;

  async function refresh(): Promise<SnapshotData> {
    refreshing = true;
    const askedAt = now();
    try {
      const answer = await registry().snapshot(held?.change ?? -1);
      if (answer !== "unchanged" && answer.change >= (held?.change ?? -1)) held = answer;
      heldAt = Math.max(heldAt, askedAt);
      if (held === undefined)
        throw new TypeError("the registry answered nothing to an empty isolate");
      return held;
    } finally {
      refreshing = false;
    }
  }

  function peek(context: {
    waitUntil: (work: Promise<unknown>) => void;
  }): SnapshotData | undefined {
    const age = now() - heldAt;
    if (held === undefined || age > MAX_AGE_MS) return undefined;
    if (age > REFRESH_AGE_MS && !refreshing) {
      // A failed refresh is not lost: the next reader past MAX_AGE_MS gets its error.
      context.waitUntil(refresh().catch(() => {}));
    }
    return held;
  }

  return {
    peek,
    current: async (context) => peek(context) ?? refresh(),
    expire: () => {
      heldAt = -Infinity;
    },
  };
}
