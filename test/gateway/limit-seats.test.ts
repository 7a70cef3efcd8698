import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import {
  brokenBound,
  countedAt,
  countedWith,
  NOTHING_COUNTED,
} from "../../src/gateway/limit-counts.ts";
import { LimitSeats } from "../../src/gateway/limit-seats.ts";

/** Seats that nobody else knows of, and a clock that stands still. */
function openSeats(kept: readonly { id: string; ends: number }[] = []) {
  const clock = { now: 1_000_000 };
  const stored = new Map(kept.map(({ id, ends }) => [id, ends]));
  const store = {
    all: () => [...stored].map(([id, ends]) => ({ id, ends })),
    put: (id: string, ends: number) => void stored.set(id, ends),
    remove: (id: string) => void stored.delete(id),
  };
  const seats = new LimitSeats(store, () => clock.now);
  const seated: string[] = [];
  const take = (id: string, who: string, count = 1, waitMs = 5_000) =>
    seats.take({ id, who, count, waitMs }).then((isSeated) => {
      if (isSeated) seated.push(id);
      return isSeated;
    });
  return { seats, clock, stored, seated, take };
}

test("gives a free seat to each of those who wait in turn", async () => {
  const { seats, seated, take } = openSeats();
  const all = [
    take("ann-1", "ann"),
    ...["ann-2", "ann-3", "ann-4"].map((id) => take(id, "ann")),
    take("bob-1", "bob"),
    take("cid-1", "cid"),
  ];
  for (const id of ["ann-1", "ann-2", "bob-1", "cid-1", "ann-3", "ann-4"]) {
    // oxlint-disable-next-line no-await-in-loop -- each seat is free only after the one before
    await Promise.resolve();
    seats.leave(id);
  }
  expect(await Promise.all(all)).toEqual(Array(6).fill(true));
  expect(seated).toEqual(["ann-1", "ann-2", "bob-1", "cid-1", "ann-3", "ann-4"]);
});

test("lets nobody past those who wait, and more in at once when there are more seats", async () => {
  const { seated, take } = openSeats();
  await take("a", "ann");
  const waiting = take("b", "bob");
  expect(await take("c", "cid", 1, 0)).toBe(false);
  expect(await take("d", "dan", 3, 0)).toBe(true);
  expect(await waiting).toBe(true);
  expect(seated.toSorted()).toEqual(["a", "b", "d"]);
});

test("takes who gives up out of the line", async () => {
  const { seats, take } = openSeats();
  await take("a", "ann");
  const bob = take("b", "bob");
  const cid = take("c", "cid");
  seats.leave("b");
  expect(await bob).toBe(false);
  seats.leave("a");
  expect(await cid).toBe(true);
  expect(await take("late", "dan", 1, 1)).toBe(false);
});

test("frees the seat of a call nobody hears of any more, and keeps that of one that goes on", async () => {
  const { seats, clock, stored, take } = openSeats();
  await take("gone", "ann", 2);
  await take("there", "ann", 2);
  clock.now += 60_000;
  seats.stay("there");
  clock.now += 60_000;
  expect(seats.taken).toBe(1);
  expect([...stored.keys()]).toEqual(["there"]);
  seats.stay("gone");
  expect(seats.taken).toBe(1);
});

test("knows after an eviction who still sits", async () => {
  const { seats, take } = openSeats([{ id: "a", ends: 2_000_000 }]);
  expect(seats.taken).toBe(1);
  expect(await take("b", "bob", 1, 0)).toBe(false);
  seats.leave("a");
  expect(await take("b", "bob", 1, 0)).toBe(true);
});

test("counts by the minute and by the day in UTC", () => {
  const before = Date.UTC(2026, 0, 31, 23, 59, 30);
  let counted = countedAt(NOTHING_COUNTED, before);
  counted = countedWith(countedWith(counted, 1), 1);
  expect(brokenBound({ perMinute: 2 }, counted, before)).toEqual({
    bound: "perMinute",
    retryAfter: 30,
  });
  expect(brokenBound({ perMinute: 3, perDay: 2 }, counted, before)).toEqual({
    bound: "perDay",
    retryAfter: 30,
  });
  expect(brokenBound({ perMinute: 3, perDay: 3, concurrent: 1 }, counted, before)).toBeUndefined();
  const after = before + 30_000;
  expect(countedAt(counted, after)).toMatchObject({ inMinute: 0, onDay: 0 });
  expect(countedAt(counted, after - 1)).toMatchObject({ inMinute: 2, onDay: 2 });
  expect(countedWith(countedAt(counted, after), -1)).toMatchObject({ inMinute: 0, onDay: 0 });
});

test("an object knows its seats and the calls of today after an eviction", async () => {
  const stub = env.LIMITS.getByName(`key/${crypto.randomUUID()}`);
  const enter = (seat: string, limits: object) =>
    stub.enter({ seat, who: "ann", limits, waitMs: 0 });
  const both = { concurrent: 1, perDay: 2 };
  expect(await enter("a", both)).toEqual({ kind: "in" });
  await evictDurableObject(stub);
  expect(await enter("b", both)).toMatchObject({ kind: "full", bound: "concurrent" });
  expect(await stub.use()).toMatchObject({ underWay: 1, day: 1 });
  await stub.leave("a");
  expect(await enter("c", both)).toEqual({ kind: "in" });
  expect(await enter("d", { perDay: 2 })).toMatchObject({ kind: "full", bound: "perDay" });
  expect(await enter("d", {})).toEqual({ kind: "in" });
  await stub.leave("c", "uncounted");
  expect(await stub.use()).toMatchObject({ underWay: 0, day: 1 });
});
