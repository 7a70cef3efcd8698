import { expect, test } from "vitest";
import { judge, type ExpectedFailure } from "./judge.ts";
import type { Check } from "./official-suite.ts";

function check(scenario: string, status: Check["status"]): Check {
  return { scenario, id: "works", name: "Works", status, message: undefined };
}

function entry(scenario: string): ExpectedFailure {
  return { targets: ["t"], revisions: ["2025-11-25"], scenario, reason: "not yet" };
}

function verdicts(checks: readonly Check[], direct?: readonly Check[], expected = [entry("x")]) {
  return judge(checks, { direct, expected }).checks.map(({ verdict }) => verdict);
}

test("fails what nobody expected to fail", () => {
  expect(verdicts([check("a", "FAILURE")])).toEqual(["failed"]);
  expect(verdicts([check("x", "FAILURE")])).toEqual(["expected"]);
});

test("calls it lost when what passes directly is a warning, skipped or missing here", () => {
  const direct = [check("a", "SUCCESS")];
  expect(verdicts([check("a", "WARNING")], direct)).toEqual(["lost"]);
  expect(verdicts([check("a", "SKIPPED")], direct)).toEqual(["lost"]);
  expect(verdicts([], direct)).toEqual(["lost"]);
});

test("asks nothing of the gateway that the backend itself or its wire cannot do", () => {
  const failing = [check("a", "FAILURE")];
  expect(verdicts(failing, failing)).toEqual(["beyond"]);
  const limited = judge([check("x", "FAILURE")], {
    direct: [check("x", "SUCCESS")],
    expected: [],
    limits: [entry("x")],
  });
  expect(limited.checks.map(({ verdict }) => verdict)).toEqual(["beyond"]);
});

test("takes one entry for scenarios of one family", () => {
  expect(verdicts([check("tasks-a", "FAILURE")], undefined, [entry("tasks-*")])).toEqual([
    "expected",
  ]);
});

test("finds the expected failure that no longer fails", () => {
  const { stale } = judge([check("x", "SUCCESS")], { direct: undefined, expected: [entry("x")] });
  expect(stale).toEqual([entry("x")]);
  const other = judge([check("a", "SUCCESS")], { direct: undefined, expected: [entry("x")] });
  expect(other.stale).toEqual([]);
});
