import { expect, test } from "vitest";
import { Backoff } from "../../src/shell/backoff.ts";

function clocked(random = 1): { backoff: Backoff; pass: (ms: number) => void } {
  let time = 0;
  const backoff = new Backoff(
    { firstMs: 500, maxMs: 30_000 },
    { now: () => time, random: () => random },
  );
  return {
    backoff,
    pass: (ms) => {
      time += ms;
    },
  };
}

test("waits twice as long after each try, up to the longest wait", () => {
  const { backoff } = clocked();
  const waits = Array.from({ length: 9 }, () => backoff.next());
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("waits at least half of it, by chance, so that many do not return at once", () => {
  expect(clocked(0).backoff.next()).toBe(250);
  expect(clocked(0.5).backoff.next()).toBe(375);
});

test("tries less than ten times a minute what breaks every second", () => {
  const { backoff, pass } = clocked(0);
  let tries = 0;
  for (let time = 0; time < 60_000; tries += 1) {
    backoff.up();
    pass(1_000);
    const wait = backoff.next();
    pass(wait);
    time += 1_000 + wait;
  }
  expect(tries).toBeLessThan(10);
});

test("begins anew with what held for half a minute, and not before", () => {
  const { backoff, pass } = clocked();
  for (let count = 0; count < 4; count += 1) backoff.next();
  backoff.up();
  pass(29_000);
  expect(backoff.next()).toBe(8_000);
  backoff.up();
  pass(30_000);
  expect(backoff.next()).toBe(500);
});
