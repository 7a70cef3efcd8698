import { expect, test } from "vitest";
import { askedToWaitMs, nextRelistMs, retryDelayMs } from "../../src/backends/retry-times.ts";
import { SingleFlight } from "../../src/core/single-flight.ts";

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [4, 5_000],
  [60, 5_000],
  [1_000, 15_000],
])("waits after failure %i about %i ms", (failures, ms) => {
  expect(retryDelayMs(failures, 0)).toBe(ms * 0.8);
  expect(retryDelayMs(failures, 0.5)).toBe(ms);
  expect(retryDelayMs(failures, 1)).toBe(ms * 1.2);
});

test.each([
  [undefined, 0],
  [7, 7_000],
  [3_600, 60_000],
])("leaves a backend alone that asks for %s s for %i ms", (retryAfter, ms) => {
  expect(askedToWaitMs({ retryAfter })).toBe(ms);
});

test.each([
  [undefined, 60_000],
  [1, 15_000],
  [20_000, 20_000],
  [3_600_000, 60_000],
])("lists again after a ttl of %s ms in %i ms", (ttlMs, ms) => {
  expect(nextRelistMs(ttlMs)).toBe(ms);
});

test("does the same work once for all who ask, and again for the next", async () => {
  const flight = new SingleFlight(1_000);
  let begun = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = (): Promise<void> => {
    begun += 1;
    return promise;
  };
  const all = Promise.all([flight.run(work), flight.run(work)]);
  expect([begun, flight.isRunning]).toEqual([1, true]);
  resolve();
  await all;
  await flight.run(work);
  expect([begun, flight.isRunning]).toEqual([2, false]);
});

test("does not wait for work that will never end", async () => {
  const flight = new SingleFlight(0);
  void flight.run(() => new Promise(() => {}));
  await flight.run(() => Promise.resolve());
});
