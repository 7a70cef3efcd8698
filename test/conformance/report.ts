import { formatTable } from "../support/text-table.ts";
import type { Judged, Judgement, Verdict } from "./judge.ts";
import type { Revision } from "./official-suite.ts";

const MESSAGE_WIDTH = 200;

export type TargetReport = Readonly<{
  target: string;
  revision: Revision;
  judgement: Judgement;
  /** Scenarios outside the revision's own score; they count here like the others. */
  unscored: ReadonlySet<string>;
}>;

function tally({ checks }: Judgement): Readonly<Record<Verdict, number>> {
  const counts = { passed: 0, failed: 0, lost: 0, expected: 0, beyond: 0, other: 0 };
  for (const { verdict } of checks) counts[verdict] += 1;
  return counts;
}

/** One line: `gateway-json 2025-11-25: 70 passed, 0 failed, 9 expected`. */
export function summaryLine({ target, revision, judgement }: TargetReport): string {
  const { passed, failed, lost, expected, beyond } = tally(judgement);
  const stale = judgement.stale.length === 0 ? "" : `, ${judgement.stale.length} stale`;
  const past = beyond === 0 ? "" : `, ${beyond} beyond the wire`;
  return `${target} ${revision}: ${passed} passed, ${failed + lost} failed, ${expected} expected${past}${stale}`;
}

/** Why this run fails, one line each; none when it does not. */
export function problemLines({ target, revision, judgement }: TargetReport): readonly string[] {
  const where = `${target} ${revision}`;
  return [
    ...judgement.checks
      .filter(({ verdict }) => verdict === "failed" || verdict === "lost")
      .map(
        ({ verdict, scenario, id, message }) =>
          `${where}: ${verdict} ${scenario}:${id}${message === "" ? "" : `: ${message.slice(0, MESSAGE_WIDTH)}`}`,
      ),
    ...judgement.stale.map(
      ({ scenario, check = "*" }) =>
        `${where}: ${scenario}:${check} is expected to fail and does not`,
    ),
  ];
}

/** Scenarios down, targets across. */
export function scenarioTable(reports: readonly TargetReport[]): string {
  const scenarios = [
    ...new Set(reports.flatMap(({ judgement }) => judgement.checks.map((one) => one.scenario))),
  ];
  const rows = scenarios.map((scenario) => [
    reports.some(({ unscored }) => unscored.has(scenario)) ? `${scenario} (unscored)` : scenario,
    ...reports.map(({ judgement }) =>
      cell(judgement.checks.filter((one) => one.scenario === scenario)),
    ),
  ]);
  return formatTable([["", ...reports.map(({ target }) => target)], ...rows]);
}

function cell(checks: readonly Judged[]): string {
  const has = (...verdicts: readonly Verdict[]): boolean =>
    checks.some(({ verdict }) => verdicts.includes(verdict));
  if (checks.length === 0) return "-";
  if (has("failed", "lost")) return "FAIL";
  if (has("expected")) return "expected";
  if (has("beyond")) return "beyond";
  return has("passed") ? "pass" : "skip";
}
