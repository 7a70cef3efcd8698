import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { EventLog } from "../../src/mcp/event-log.ts";

const MINUTE = 60_000;

type World = Readonly<{ log: EventLog; pass: (ms: number) => void }>;

function inObject(story: (world: World) => void): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- RPC types nest without end
  const stub = env.CALLERS.getByName(crypto.randomUUID()) as never as DurableObjectStub;
  return runInDurableObject(stub, (_, { storage }) => {
    let now = 0;
    story({
      log: new EventLog(storage.sql, () => now),
      pass: (ms) => {
        now += ms;
      },
    });
  });
}

test("keeps what was said for ten minutes", () =>
  inObject(({ log, pass }) => {
    log.append("s", "a", { seq: 1, data: "early" });
    pass(9 * MINUTE);
    log.append("s", "a", { seq: 2, data: "late" });
    expect(log.after("s", "a", 0)).toHaveLength(2);
    pass(MINUTE);
    expect(log.after("s", "a", 0)).toEqual([{ seq: 2, data: "late" }]);
    expect(log.sweep()).toBe(true);
    pass(9 * MINUTE);
    expect(log.sweep()).toBe(false);
  }));

test("keeps the newest thousand events of a session, over all of its streams", () =>
  inObject(({ log }) => {
    log.append("other", "x", { seq: 1, data: "kept" });
    for (let index = 0; index < 1_500; index += 1) {
      log.append("s", `stream-${index}`, { seq: 1, data: "x" });
    }
    const left = Array.from({ length: 1_500 }, (_, index) => log.after("s", `stream-${index}`, 0));
    const count = left.flat().length;
    expect(count).toBeGreaterThanOrEqual(1_000);
    expect(count).toBeLessThan(1_200);
    expect(left.at(-1)).toHaveLength(1);
    expect(log.after("other", "x", 0)).toHaveLength(1);
  }));

test("keeps no more than some megabytes for one user, the newest", () =>
  inObject(({ log }) => {
    const data = "x".repeat(500 * 1_024);
    for (let seq = 1; seq <= 100; seq += 1) log.append(`s-${seq}`, "a", { seq, data });
    const kept = Array.from({ length: 100 }, (_, index) => log.after(`s-${index + 1}`, "a", 0));
    const length = kept.flat().length * data.length;
    expect(length).toBeGreaterThan(28 * 1_024 * 1_024);
    expect(length).toBeLessThan(37 * 1_024 * 1_024);
    expect(kept.at(-1)).toHaveLength(1);
  }));

test("does not keep an event that no row can hold", () =>
  inObject(({ log }) => {
    log.append("s", "a", { seq: 1, data: "x".repeat(1_024 * 1_024) });
    log.append("s", "a", { seq: 2, data: "small" });
    expect(log.after("s", "a", 0)).toEqual([{ seq: 2, data: "small" }]);
  }));
