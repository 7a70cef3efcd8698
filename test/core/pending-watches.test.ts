import { expect, test } from "vitest";
import { PendingWatches } from "../../src/core/pending-watches.ts";
import { createManualClock } from "../support/manual-clock.ts";

test("wakes everybody who waits, and leaves no timer behind", async () => {
  const clock = createManualClock();
  const watches = new PendingWatches(clock.after);
  const both = Promise.all([watches.wait(), watches.wait()]);
  expect(clock.waiting()).toBe(2);
  watches.wake();
  await both;
  expect([watches.size, clock.waiting()]).toEqual([0, 0]);
});

test("lets a watch go after 20 s", async () => {
  const clock = createManualClock();
  const watches = new PendingWatches(clock.after);
  let over = false;
  void watches.wait().then(() => (over = true));
  await clock.advance(19_999);
  expect(over).toBe(false);
  await clock.advance(1);
  expect(over).toBe(true);
});

test("lets the oldest go when too many wait", async () => {
  const clock = createManualClock();
  const watches = new PendingWatches(clock.after);
  const oldest = watches.wait();
  for (let count = 0; count < 5_000; count += 1) void watches.wait();
  await oldest;
  expect(watches.size).toBe(5_000);
});
