import { type AuditEvent, type AuditKind, MAX_NAME } from "./audit-event.ts";
import type { AuditStore, Keep } from "./audit-store.ts";

/** A write per call would cost a disk sync per call; a second of events costs one. */
const FLUSH_AFTER_MS = 1_000;
const MAX_BATCH = 1_000;
/** One message to the store takes 32 MiB, a letter may be two bytes: arguments and results are in it. */
const MAX_BATCH_CHARS = 8_000_000;
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
      while (kept < events.length) {
        const batch = batchFrom(events, kept);
        // oxlint-disable-next-line no-await-in-loop -- in the order they happened
        await needs.store().append(`[${batch.join(",")}]`, keep);
        kept += batch.length;
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
      if (held.length < MAX_HELD) held.push(bounded(event));
      if (flushing) return;
      flushing = true;
      context.waitUntil(flush(context));
    },
  };
}

/** As JSON, as many as one message takes: one at least. */
function batchFrom(events: readonly AuditEvent[], from: number): readonly string[] {
  const batch: string[] = [];
  let left = MAX_BATCH_CHARS;
  for (const event of events.slice(from, from + MAX_BATCH)) {
    const json = JSON.stringify(event);
    left -= json.length;
    if (left < 0 && batch.length > 0) break;
    batch.push(json);
  }
  return batch;
}

/**
 * A client may call itself by megabytes, and a backend its tools: held until the store has them, a
 * few of these would fill the isolate and be too much for any message.
 */
function bounded(event: AuditEvent): AuditEvent {
  const { client, target, requestId } = event;
  if (isShort(client) && isShort(target) && isShort(requestId)) return event;
  return {
    ...event,
    requestId: cutName(requestId),
    target: cutName(target),
    client: client === undefined ? undefined : cutName(client),
  };
}

function isShort(text = ""): boolean {
  return text.length <= MAX_NAME;
}

/** Joined anew: a mere slice keeps the whole text in memory. */
function cutName(text: string): string {
  return Array.from(text.slice(0, MAX_NAME)).join("");
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
