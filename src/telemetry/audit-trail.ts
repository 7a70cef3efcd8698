import type { AuditEvent } from "./audit-event.ts";

export interface AuditStore {
  /** `json` is the text of an array of events, at most `MAX_BATCH` of them. */
  append(json: string): Promise<void>;
  /** Newest first; at most 1,000. */
  newest(limit: number): Promise<readonly AuditEvent[]>;
}

/** A write per call would cost a disk sync per call; a second of events costs one. */
const FLUSH_AFTER_MS = 1_000;
/** One row of the store: a row may not exceed 2 MB, and an event has well under 1 KB. */
const MAX_BATCH = 1_000;
/** While the store is away the trail keeps this many; older ones are counted as lost in the log. */
const MAX_HELD = 10_000;

export type AuditTrail = Readonly<{
  record: (event: AuditEvent, context: { waitUntil: (work: Promise<unknown>) => void }) => void;
}>;

/** One per isolate: gathers events and hands them to the store about once a second. */
export function createAuditTrail(deps: {
  store: () => AuditStore;
  sleep: (ms: number) => Promise<void>;
  log: (line: string) => void;
}): AuditTrail {
  let held: AuditEvent[] = [];
  let flushing = false;

  async function flush(): Promise<void> {
    await deps.sleep(FLUSH_AFTER_MS);
    const events = held;
    held = [];
    flushing = false;
    try {
      for (let from = 0; from < events.length; from += MAX_BATCH) {
        // oxlint-disable-next-line no-await-in-loop -- in the order they happened
        await deps.store().append(JSON.stringify(events.slice(from, from + MAX_BATCH)));
      }
    } catch {
      const kept = [...events, ...held].slice(-MAX_HELD);
      deps.log(`audit: store is away, ${kept.length} events wait`);
      held = kept;
    }
  }

  return {
    record(event, context) {
      if (held.length < MAX_HELD) held.push(event);
      if (flushing) return;
      flushing = true;
      context.waitUntil(flush());
    },
  };
}
