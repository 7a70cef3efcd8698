import { expect, test } from "vitest";
import type { AuditEvent } from "../../src/telemetry/audit-event.ts";
import type { Keep } from "../../src/telemetry/audit-store.ts";
import { createAuditTrail, createRecordEvent } from "../../src/telemetry/audit-trail.ts";

const KEEP: Keep = { days: 7, toolMetrics: false };

/** A trail whose second is over when the test says so. */
function trail({ isAway = () => false }: { isAway?: () => boolean } = {}) {
  const batches: { events: AuditEvent[]; keep: Keep }[] = [];
  const lines: string[] = [];
  const work: Promise<unknown>[] = [];
  let ring = (): void => {};
  const made = createAuditTrail({
    store: () => ({
      async append(json, keep) {
        if (isAway()) throw new Error("away");
        batches.push({ events: JSON.parse(json), keep });
      },
    }),
    keep: async () => KEEP,
    sleep: () =>
      new Promise((resolve) => {
        ring = resolve;
      }),
    log: (line) => lines.push(line),
  });
  const context = { waitUntil: (one: Promise<unknown>) => void work.push(one) };
  return {
    batches,
    lines,
    context,
    made,
    record: (target: string) => made.record(event(target), context),
    async secondIsOver() {
      ring();
      await Promise.all(work.splice(0));
    },
  };
}

function event(target: string): AuditEvent {
  return {
    at: 1,
    requestId: "r",
    credentialId: "k",
    userId: "u",
    method: "tools/call",
    backend: "b",
    target,
    outcome: "ok",
    ms: 1,
  };
}

test("hands over a second of events at once, with how long they are kept", async () => {
  const one = trail();
  one.record("a");
  one.record("b");
  expect(one.batches).toEqual([]);
  await one.secondIsOver();
  one.record("c");
  await one.secondIsOver();
  const targets = one.batches.map(({ events }) => events.map(({ target }) => target));
  expect(targets).toEqual([["a", "b"], ["c"]]);
  expect(one.batches[0]?.keep).toEqual(KEEP);
});

test("keeps what the store did not take for the next time, in order and within a bound", async () => {
  let away = true;
  const one = trail({ isAway: () => away });
  one.record("a");
  await one.secondIsOver();
  expect(one.lines).toEqual(["audit: store is away, 1 events wait"]);
  away = false;
  for (let count = 0; count < 10_500; count += 1) one.record(`later ${count}`);
  await one.secondIsOver();
  const events = one.batches.flatMap(({ events: some }) => some);
  expect(events).toHaveLength(10_000);
  expect(events.slice(0, 2).map(({ target }) => target)).toEqual(["a", "later 0"]);
  expect(Math.max(...one.batches.map(({ events: some }) => some.length))).toBe(1_000);
});

test("records no flood of failed sign-ins, and everything else", async () => {
  const one = trail();
  let now = 0;
  const record = createRecordEvent(one.made, { ...one.context, now: () => now });
  for (let count = 0; count < 100; count += 1) record({ kind: "sign_in_failed", userId: "" });
  record({ kind: "sign_in", userId: "owner" });
  now = 60_000;
  record({ kind: "sign_in_failed", userId: "" });
  await one.secondIsOver();
  expect(one.batches[0]?.events.map(({ kind }) => kind)).toEqual([
    ...Array.from({ length: 10 }, () => "sign_in_failed"),
    "sign_in",
    "sign_in_failed",
  ]);
});

test("holds no more of a name than the store keeps, however long a client calls itself", async () => {
  const one = trail();
  const long = "🙂".repeat(1_000_000);
  one.made.record({ ...event(long), client: long, requestId: long }, one.context);
  await one.secondIsOver();
  const [recorded] = one.batches.flatMap(({ events }) => events);
  expect(recorded?.client).toBe("🙂".repeat(100));
  expect(recorded?.target).toBe(recorded?.client);
  expect(JSON.stringify(recorded).length).toBeLessThan(2_000);
});

test("hands over no more at once than a message takes", async () => {
  const one = trail();
  const result = "x".repeat(16_000);
  for (let count = 0; count < 1_000; count += 1) {
    one.made.record({ ...event(String(count)), result }, one.context);
  }
  await one.secondIsOver();
  const targets = one.batches.flatMap(({ events }) => events.map(({ target }) => target));
  expect(targets).toEqual(Array.from({ length: 1_000 }, (_, count) => String(count)));
  const longest = Math.max(...one.batches.map(({ events }) => JSON.stringify(events).length));
  expect(longest).toBeLessThan(8_100_000);
});
