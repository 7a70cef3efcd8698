import { expect, test } from "vitest";
import { Budget } from "../../src/chat/budget.ts";
import { DEFAULT_LOOP } from "../../src/config/llm-config.ts";

test("ends with its turns, its calls, its tokens or its time", () => {
  const limits = { ...DEFAULT_LOOP, maxTurns: 2, maxCalls: 2, maxTokens: 10, maxMs: 100_000 };
  let now = 0;
  const fresh = (): Budget => new Budget(limits, () => now);

  const byTurns = fresh();
  byTurns.noteTurn(undefined);
  expect(byTurns.isSpent()).toBe(false);
  byTurns.noteTurn(undefined);
  expect(byTurns.isSpent()).toBe(true);

  const byCalls = fresh();
  expect(byCalls.refuseCall("a", "{}")).toBeUndefined();
  expect(byCalls.refuseCall("b", "{}")).toBeUndefined();
  expect(byCalls.refuseCall("c", "{}")).toContain("an answer may make 2 calls");
  expect(byCalls.isSpent()).toBe(true);

  const byTokens = fresh();
  byTokens.noteTurn({ completion_tokens: 4 });
  byTokens.noteTurn({ completion_tokens: 6 });
  expect(byTokens.isSpent()).toBe(true);

  const byTime = fresh();
  now = 69_999;
  expect([byTime.isSpent(), byTime.toolsMs()]).toEqual([false, 1]);
  now = 70_000;
  expect([byTime.isSpent(), byTime.leftMs()]).toEqual([true, 30_000]);
});

test("makes the same call twice and no more", () => {
  const budget = new Budget(DEFAULT_LOOP, () => 0);
  expect(budget.refuseCall("a", '{"x":1}')).toBeUndefined();
  expect(budget.refuseCall("a", '{"x":1}')).toBeUndefined();
  expect(budget.refuseCall("a", '{"x":2}')).toBeUndefined();
  expect(budget.isSpent()).toBe(false);
  expect(budget.refuseCall("a", '{"x":1}')).toContain("the same call was made 2 times");
  expect(budget.isSpent()).toBe(true);
});
