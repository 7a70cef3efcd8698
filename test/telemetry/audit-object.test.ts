import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { AuditEvent } from "../../src/telemetry/audit-event.ts";
import type { Sample } from "../../src/telemetry/audit-store.ts";
import { metricText } from "../../src/telemetry/metric-text.ts";

const KEEP = { days: 30, toolMetrics: false };
const DAY = 86_400_000;

type Stub = ReturnType<typeof env.AUDIT.getByName>;

function freshStub(): Stub {
  return env.AUDIT.getByName(`audit ${crypto.randomUUID()}`);
}

function event(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: Date.now(),
    requestId: "r",
    credentialId: "key-1",
    userId: "owner",
    method: "tools/call",
    backend: "erp",
    target: "invoice",
    outcome: "ok",
    ms: 12,
    ...changes,
  };
}

async function append(stub: Stub, events: readonly AuditEvent[], keep = KEEP): Promise<void> {
  await stub.append(JSON.stringify(events), keep);
}

test("gives what is asked for, newest first, page by page", async () => {
  const stub = freshStub();
  await append(stub, [
    event({ target: "a" }),
    event({ target: "b", userId: "u-1", outcome: "failed", code: "backend_timeout" }),
    event({ target: "c", backend: "wave" }),
    event({ kind: "key_made", target: "key-2", method: "", backend: "" }),
  ]);
  const targets = async (query: object): Promise<readonly string[]> =>
    (await stub.query({ limit: 100, ...query })).map(({ target }) => target);
  expect(await targets({})).toEqual(["key-2", "c", "b", "a"]);
  expect(await targets({ limit: 2 })).toEqual(["key-2", "c"]);
  const [last] = (await stub.query({ limit: 2 })).slice(-1);
  expect(await targets({ before: last?.id })).toEqual(["b", "a"]);
  expect(await targets({ since: last?.id })).toEqual(["key-2"]);
  expect(await targets({ order: "oldest", limit: 2 })).toEqual(["a", "b"]);
  expect(await targets({ user: "u-1" })).toEqual(["b"]);
  expect(await targets({ backend: "wave" })).toEqual(["c"]);
  expect(await targets({ target: "a" })).toEqual(["a"]);
  expect(await targets({ outcome: "trouble" })).toEqual(["b"]);
  expect(await targets({ outcome: "failed", backend: "erp" })).toEqual(["b"]);
  expect(await targets({ outcome: "cancelled" })).toEqual([]);
  expect(await targets({ kind: "owner" })).toEqual(["key-2"]);
  expect(await targets({ from: Date.now() + DAY })).toEqual([]);
});

test("keeps every part of an event, and cuts what is too long", async () => {
  const stub = freshStub();
  const whole = event({
    kind: "chat",
    client: "Claude",
    surface: "openai",
    code: "-32602",
    tokens: { input: 7, output: 5 },
    trace: "0af7651916cd43dd8448eb211c80319c",
    arguments: "{}",
    result: "[]",
  });
  await append(stub, [whole, event({ client: `evil\r\n\u001b[31m${"x".repeat(500)}` })]);
  const [cut, kept] = await stub.query({ limit: 2 });
  expect(kept).toMatchObject(whole);
  expect(cut?.client).toMatch(/^evil \[31mx+$/);
  expect(cut?.client?.length).toBeLessThanOrEqual(200);
});

test("counts calls and errors by time and backend", async () => {
  const stub = freshStub();
  const now = Date.now();
  await append(stub, [
    event({ at: now - 3 * 60_000, ms: 10 }),
    event({ at: now, ms: 30 }),
    event({ at: now, outcome: "tool_error", ms: 20 }),
    event({ at: now, backend: "wave" }),
    event({ at: now, kind: "chat" }),
  ]);
  const { steps, backends } = await stub.overview({ since: now - 4 * 60_000, step: 60_000 });
  expect(steps).toHaveLength(5);
  expect(steps.map(({ calls }) => calls)).toEqual([0, 1, 0, 0, 3]);
  expect(steps.at(-1)).toMatchObject({ errors: 1 });
  expect(backends).toEqual([
    { backend: "erp", calls: 3, errors: 1, ms: 20 },
    { backend: "wave", calls: 1, errors: 0, ms: 12 },
  ]);
  const month = await stub.overview({ since: now - 30 * DAY, step: 1 });
  expect(month.steps.length).toBeLessThanOrEqual(500);
  expect(month.steps.reduce((sum, { calls }) => sum + calls, 0)).toBe(4);
});

test("forgets what is too old, also when nobody calls any more", async () => {
  const stub = freshStub();
  const old = Date.now() - 8 * DAY;
  await append(stub, [event({ at: old, target: "old" }), event({ target: "new" })]);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(await stub.query({ limit: 9 })).toHaveLength(2);
  await append(stub, [event()], { ...KEEP, days: 7 });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect((await stub.query({ limit: 9 })).map(({ target }) => target)).toEqual(["invoice", "new"]);
  await evictDurableObject(stub);
  await append(stub, [event({ target: "next" })]);
  const [next, before] = await stub.query({ limit: 2 });
  expect(next?.id).toBe((before?.id ?? 0) + 1);
});

test("takes over from the version that kept batches", async () => {
  const stub = freshStub();
  await runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec("CREATE TABLE batches (id INTEGER PRIMARY KEY, events TEXT)");
  });
  await evictDurableObject(stub);
  await append(stub, [event()]);
  expect(await stub.query({ limit: 9 })).toHaveLength(1);
});

test("wakes who waits for the next event", async () => {
  const stub = freshStub();
  await append(stub, [event()]);
  expect(await stub.watch(0)).toBe(1);
  const next = stub.watch(1);
  await append(stub, [event()]);
  expect(await next).toBe(2);
});

test("counts for Prometheus across isolates, with buckets that add up", async () => {
  const stub = freshStub();
  await append(stub, [event({ ms: 3 }), event({ ms: 40 }), event({ ms: 90_000 })]);
  await evictDurableObject(stub);
  await append(stub, [
    event({ outcome: "failed" }),
    event({ kind: "chat", backend: "openrouter", target: "m", tokens: { input: 7, output: 5 } }),
    event({ kind: "chat", backend: "openrouter", target: "made-up", outcome: "failed" }),
    event({ kind: "sign_in_failed" }),
  ]);
  const text = metricText(await stub.samples());
  const call = 'backend="erp",method="tools/call"';
  for (const line of [
    "# TYPE gateway_calls_total counter",
    `gateway_calls_total{${call},outcome="ok"} 3`,
    `gateway_calls_total{${call},outcome="failed"} 1`,
    `gateway_call_duration_seconds_bucket{${call},le="0.005"} 1`,
    `gateway_call_duration_seconds_bucket{${call},le="0.05"} 3`,
    `gateway_call_duration_seconds_bucket{${call},le="60"} 3`,
    `gateway_call_duration_seconds_bucket{${call},le="+Inf"} 4`,
    `gateway_call_duration_seconds_count{${call}} 4`,
    'gateway_chat_tokens_total{provider="openrouter",model="m",direction="input"} 7',
    'gateway_chats_total{provider="openrouter",model="",outcome="failed"} 1',
    'gateway_events_total{kind="sign_in_failed"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).not.toContain("gateway_tool_calls_total");
  expect(text).not.toContain("made-up");
});

test("counts tools only where the owner asks", async () => {
  const stub = freshStub();
  await append(stub, [event()], { ...KEEP, toolMetrics: true });
  expect(metricText(await stub.samples())).toContain(
    'gateway_tool_calls_total{backend="erp",tool="invoice",outcome="ok"} 1',
  );
});

test("keeps a bound on the series whoever thinks of names", async () => {
  const stub = freshStub();
  for (let from = 0; from < 6_000; from += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, index) =>
      event({ target: `tool-${from + index}` }),
    );
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other
    await append(stub, events, { ...KEEP, toolMetrics: true });
  }
  const samples = await stub.samples();
  expect(samples.length).toBeLessThan(6_001);
  const calls = samples.find(({ name }) => name === "gateway_calls_total");
  expect(calls?.value).toBe(6_000);
});

test("escapes what a label may not hold", () => {
  const sample: Sample = {
    name: "gateway_calls_total",
    labels: 'backend="a\\"b"',
    value: 1,
  };
  expect(metricText([sample])).toContain('gateway_calls_total{backend="a\\"b"} 1\n');
});

test("keeps the sound events of a batch that has another", async () => {
  const stub = freshStub();
  await append(stub, [event({ target: "a" }), event({ ms: NaN }), event({ target: "b" })]);
  expect((await stub.query({ limit: 9 })).map(({ target }) => target)).toEqual(["b", "a"]);
});

test("forgets no word of an owner's for any number of calls", async () => {
  const stub = freshStub();
  await append(stub, [event({ kind: "key_made", target: "key-2" }), event({ target: "call" })]);
  await runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec("UPDATE sqlite_sequence SET seq = 600000 WHERE name = 'events'");
  });
  await append(stub, [event({ target: "much later" })]);
  const targets = (await stub.query({ limit: 9 })).map(({ target }) => target);
  expect(targets).toEqual(["much later", "key-2"]);
});
