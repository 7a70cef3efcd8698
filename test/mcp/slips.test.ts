import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { CallerStub } from "../../src/mcp/caller-stub.ts";
import { createSlips } from "../../src/mcp/create-slips.ts";
import { MAX_SLIPS, SlipStore } from "../../src/mcp/slip-store.ts";

const HOUR = 60 * 60 * 1_000;

function stubOf(userId: string): DurableObjectStub & CallerStub {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- RPC types nest without end
  return env.CALLERS.getByName(userId) as never;
}

const slips = createSlips(stubOf);

/** The store of a user who does nothing else. */
function withStore<T>(userId: string, use: (store: SlipStore) => T): Promise<T> {
  return runInDurableObject(stubOf(userId), (_, state) => use(new SlipStore(state.storage.sql)));
}

test("gives a slip to the first who takes it", async () => {
  await slips.put("ada", { name: "code", text: "call it", lifeMs: HOUR });
  const taken = await Promise.all([slips.take("ada", "code"), slips.take("ada", "code")]);
  expect(taken.toSorted()).toEqual(["call it", undefined]);
  expect(await slips.take("ada", "code")).toBeUndefined();
});

test("lets a slip be read as often as one likes", async () => {
  await slips.put("ben", { name: "one", text: "1", lifeMs: HOUR });
  await slips.put("ben", { name: "two", text: "2", lifeMs: HOUR });
  const read = () => slips.read("ben", ["two", "one", "three", "one"]);
  const both = new Map([
    ["one", "1"],
    ["two", "2"],
  ]);
  expect(await read()).toEqual(both);
  expect(await read()).toEqual(both);
  expect(await slips.read("ben", [])).toEqual(new Map());
});

test("does not know the slips of somebody else", async () => {
  await slips.put("cleo", { name: "hers", text: "secret", lifeMs: HOUR });
  expect(await slips.take("dan", "hers")).toBeUndefined();
  expect(await slips.read("dan", ["hers"])).toEqual(new Map());
  expect(await slips.take("cleo", "hers")).toBe("secret");
});

test("keeps slips when the object is evicted", async () => {
  const text = `line\n"quoted" \u0000 é 🙂 \ud83d`;
  await slips.put("eve", { name: "kept", text, lifeMs: HOUR });
  await evictDurableObject(stubOf("eve"));
  expect(await slips.take("eve", "kept")).toBe(text);
});

test("forgets a slip when its time is over", async () => {
  const found = await withStore("fay", (store) => {
    store.put({ name: "short", text: "a", lifeMs: 1_000 }, 0);
    store.put({ name: "long", text: "b", lifeMs: 5_000 }, 0);
    return [store.read("short", 999), store.read("short", 1_000), store.take("short", 1_000)];
  });
  expect(found).toEqual(["a", undefined, undefined]);
});

test("removes what is over, and says whether anything is left", async () => {
  const swept = await withStore("gus", (store) => {
    store.put({ name: "short", text: "a", lifeMs: 1_000 }, 0);
    store.put({ name: "long", text: "b", lifeMs: 5_000 }, 0);
    return [store.sweep(1_000), store.read("short", 0), store.read("long", 0), store.sweep(5_000)];
  });
  expect(swept).toEqual([true, undefined, "b", false]);
});

test("keeps the newest slips of a user", async () => {
  const [first, second, last] = await withStore("hal", (store) => {
    for (let n = 0; n <= MAX_SLIPS; n += 1) {
      store.put({ name: `slip ${n}`, text: String(n), lifeMs: HOUR }, n);
    }
    return [0, 1, MAX_SLIPS].map((n) => store.read(`slip ${n}`, MAX_SLIPS));
  });
  expect(first).toBeUndefined();
  expect([second, last]).toEqual(["1", String(MAX_SLIPS)]);
});

test("keeps the longest text there may be, and refuses a longer one", async () => {
  const text = "\u0001".repeat(256 * 1_024);
  await slips.put("ivy", { name: "long", text, lifeMs: HOUR });
  expect(await slips.take("ivy", "long")).toBe(text);
  const longer = slips.put("ivy", { name: "longer", text: `${text}x`, lifeMs: HOUR });
  await expect(longer).rejects.toMatchObject({ code: "too_large" });
});

test("has its object wake up to remove what is over", async () => {
  await slips.put("jon", { name: "any", text: "a", lifeMs: HOUR });
  const alarm = await runInDurableObject(stubOf("jon"), (_, state) => state.storage.getAlarm());
  expect(alarm).toBeGreaterThan(Date.now());
});
