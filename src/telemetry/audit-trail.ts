import type { AuditEvent, AuditKind } from "./audit-event.ts";
import type { AuditStore, Keep } from "./audit-store.ts";

/** A write per call would cost a disk sync per call; a second of events costs one. */
const FLUSH_AFTER_MS = 1_000;
/** One message to the store, which takes up to 32 MiB: arguments and results may be in it. */
const MAX_BATCH = 1_000;
/** While the store is away the trail keeps this many; later ones are lost. */
const MAX_HELD = 10_000;

type Context = Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;

export type AuditTrail = Readonly<{
  record: (event: AuditEvent, context: Context) => void;
}>;

export type AuditTrailNeeds = Readonly<{
  store: () => Pick<AuditStore, "append">;
  keep: (context: Context) => Promise<Keep>;
  /** Told of each event at once, besides. */
  alsoTell?: ((event: AuditEvent) => void) | undefined;
  sleep: (ms: number) => Promise<void>;
  log: (line: string) => void;
}>;

/** One per isolate: gathers events and hands them to the store about once a second. */
export function createAuditTrail(needs: AuditTrailNeeds): AuditTrail {
  const { alsoTell } = needs;
  let held: AuditEvent[] = [];
  let flushing = false;

  async function flush(context: Context): Promise<void> {
    await needs.sleep(FLUSH_AFTER_MS);
    const events = held;
    held = [];
    flushing = false;
    let kept = 0;
    try {
      const keep = await needs.keep(context);
      for (; kept < events.length; kept += MAX_BATCH) {
        const json = JSON.stringify(events.slice(kept, kept + MAX_BATCH));
        // oxlint-disable-next-line no-await-in-loop -- in the order they happened
        await needs.store().append(json, keep);
      }
    } catch {
      const waiting = [...events.slice(kept), ...held].slice(-MAX_HELD);
      needs.log(`audit: store is away, ${waiting.length} events wait`);
      held = waiting;
    }
  }

  return {
    record(event, context) {
      alsoTell?.(event);
      if (held.length < MAX_HELD) held.push(event);
      if (flushing) return;
      flushing = true;
      context.waitUntil(flush(context));
    },
  };
}

/** What an owner wants to know of beside calls and chats. */
export type OwnerEvent = Readonly<{
  kind: Exclude<AuditKind, "call" | "chat">;
  /** Whose it is, or whom it concerns. */
  userId: string;
  /** The key or grant. */
  credentialId?: string | undefined;
  requestId?: string | undefined;
  /** As the client calls itself. */
  client?: string | undefined;
  backend?: string | undefined;
  /** What changed: an id or a name, never a secret. */
  target?: string | undefined;
  /** `ok` without. */
  outcome?: "ok" | "failed" | undefined;
  code?: string | undefined;
}>;

export type RecordEvent = (event: OwnerEvent) => void;

/** Strangers cause them: more would push what matters out of the store. */
const MAX_FAILED_SIGN_INS = 10;
const MINUTE_MS = 60_000;

/** For whatever changes something: one line where it has happened. */
export function createRecordEvent(
  trail: AuditTrail,
  { waitUntil, now }: Context & Readonly<{ now: () => number }>,
): RecordEvent {
  let failed = { minute: -1, count: 0 };

  function isTooMuch({ kind }: OwnerEvent): boolean {
    if (kind !== "sign_in_failed") return false;
    const minute = Math.floor(now() / MINUTE_MS);
    failed = { minute, count: failed.minute === minute ? failed.count + 1 : 1 };
    return failed.count > MAX_FAILED_SIGN_INS;
  }

  return (event) => {
    if (isTooMuch(event)) return;
    trail.record(
      {
        kind: event.kind,
        at: now(),
        requestId: event.requestId ?? "",
        userId: event.userId,
        credentialId: event.credentialId ?? "",
        client: event.client,
        method: "",
        backend: event.backend ?? "",
        target: event.target ?? "",
        outcome: event.outcome ?? "ok",
        code: event.code,
        ms: 0,
      },
      { waitUntil },
    );
  };
}
