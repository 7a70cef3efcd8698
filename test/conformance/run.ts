import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AUTHORIZATION, runAuthorizationSuite } from "./authorization.ts";
import { CLIENT, type ClientLane, openClientLane, runClientSuite } from "./client-lane.ts";
import { EXPECTED_FAILURES } from "./expected-failures.ts";
import { type ExpectedFailure, judge } from "./judge.ts";
import { REVISIONS, type Revision, runOfficialSuite, type SuiteRun } from "./official-suite.ts";
import { problemLines, scenarioTable, summaryLine, type TargetReport } from "./report.ts";
import { type Houses, openTargets, TARGETS, type Target } from "./targets.ts";
import { WIRE_LIMITS } from "./wire-limits.ts";

/**
 * `npm run conformance`: the official suite against the gateway in front of our fixture, against
 * the fixture itself, and against a server known to fail. Fails when anything fails that
 * expected-failures.ts does not name, when an entry of it no longer fails, and when the control
 * does not fail as it should.
 */
const RESULTS = resolve(import.meta.dirname, "../../conformance-results");
/** server-everything under suite 0.2.0-alpha.12: with another number the harness measures nothing. */
const CONTROL_FAILURES = 22;

const { values: flags } = parseArgs({
  options: {
    /** Only these targets. */
    target: { type: "string", multiple: true },
    /** Only this scenario. */
    scenario: { type: "string" },
  },
});
const names = [...TARGETS.map(({ name }) => name), AUTHORIZATION, CLIENT];
const unknown = flags.target?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`--target: ${JSON.stringify(unknown)}, wanted one of ${names.join(", ")}`);
  process.exit(1);
}

const cleanup = new AsyncDisposableStack();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void cleanup.disposeAsync().finally(() => process.exit(1)));
}
try {
  const houses = await openTargets(cleanup);
  const lane = isAsked(CLIENT) ? await openClientLane(cleanup) : undefined;
  process.exitCode = await runAll(houses, lane);
} finally {
  await cleanup.disposeAsync();
}
process.exit();

async function runAll(houses: Houses, lane: ClientLane | undefined): Promise<number> {
  const reports: TargetReport[] = [];
  const problems: string[] = [];
  for (const revision of REVISIONS) {
    const ofRevision = [...(await runRevision(houses, revision, problems))];
    if (lane !== undefined) ofRevision.push(await runClients(lane, revision));
    if (ofRevision.length === 0) continue;
    console.log(`\n${revision}\n\n${scenarioTable(ofRevision)}\n`);
    reports.push(...ofRevision);
  }
  problems.push(...reports.flatMap(problemLines));
  for (const line of reports.map(summaryLine)) console.log(line);
  for (const problem of problems) console.log(problem);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(
    join(RESULTS, "latest.json"),
    JSON.stringify({ at: new Date().toISOString(), flags, problems, reports }, undefined, 2),
  );
  return problems.length === 0 ? 0 : 1;
}

async function runRevision(
  houses: Houses,
  revision: Revision,
  problems: string[],
): Promise<readonly TargetReport[]> {
  const targets = TARGETS.filter(
    ({ name, revisions }) => revisions.includes(revision) && isAsked(name),
  );
  const reports: TargetReport[] = [];
  const direct = new Map<string, SuiteRun>();
  for (const { name, kind, heldTo } of targets) {
    const base = heldTo?.[revision];
    if (base !== undefined && !direct.has(base)) {
      direct.set(base, await runTarget(houses, base, revision));
    }
    const run = direct.get(name) ?? (await runTarget(houses, name, revision));
    if (kind === "direct") direct.set(name, run);
    if (kind === "control") problems.push(...controlProblems(run));
    else reports.push(toReport(name, revision, run, direct.get(base ?? "")));
  }
  if (isAsked(AUTHORIZATION) && flags.scenario === undefined) {
    const run = await runAuthorizationSuite({
      origin: houses.gateway.url,
      ownerPassword: houses.gateway.ownerPassword,
      revision,
      folder: join(RESULTS, `${AUTHORIZATION}-${revision}`),
    });
    reports.push(toReport(AUTHORIZATION, revision, run, undefined));
  }
  return reports;
}

async function runClients(lane: ClientLane, revision: Revision): Promise<TargetReport> {
  const { scenario } = flags;
  const folder = join(RESULTS, `${CLIENT}-${revision}`);
  const checks = await runClientSuite({ lane, revision, scenario, folder });
  return toReport(CLIENT, revision, { checks, unscored: new Set() }, undefined);
}

function isAsked(name: string): boolean {
  return flags.target === undefined || flags.target.includes(name);
}

function runTarget(houses: Houses, name: Target["name"], revision: Revision): Promise<SuiteRun> {
  return runOfficialSuite({
    url: houses.urls.get(name) ?? "",
    revision,
    scenario: flags.scenario,
    folder: join(RESULTS, `${name}-${revision}`),
  });
}

function toReport(
  target: string,
  revision: Revision,
  { checks, unscored }: SuiteRun,
  direct: SuiteRun | undefined,
): TargetReport {
  const isMeant = (entry: ExpectedFailure): boolean =>
    entry.targets.includes(target) && entry.revisions.includes(revision);
  return {
    target,
    revision,
    unscored,
    judgement: judge(checks, {
      direct: direct?.checks,
      expected: EXPECTED_FAILURES.filter(isMeant),
      limits: WIRE_LIMITS.filter(isMeant),
    }),
  };
}

function controlProblems({ checks }: SuiteRun): readonly string[] {
  const failures = checks.filter(({ status }) => status === "FAILURE").length;
  console.log(`control: ${failures} failed of a server that has to fail ${CONTROL_FAILURES}`);
  if (flags.scenario !== undefined || failures === CONTROL_FAILURES) return [];
  return [
    `control: ${failures} checks failed, wanted ${CONTROL_FAILURES}: the harness sees nothing`,
  ];
}
