import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { runToEnd } from "../../src/shell/finished-process.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export const SUITE = join(ROOT, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
/** A scenario that hangs is a failure; none of those that pass takes half of this. */
const SCENARIO_TIMEOUT_MS = 6_000;
const RUN_TIMEOUT_MS = 120_000;

export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

const check = z.looseObject({
  id: z.string(),
  name: z.string().default(""),
  status: z.enum(["SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO"]),
  errorMessage: z.string().optional(),
});

/** A scenario writes its checks at its end. */
const UNFINISHED = JSON.stringify([
  { id: "unfinished", status: "FAILURE", errorMessage: "the scenario did not come to its end" },
]);

/** One check of the suite; several of a scenario may carry the same id. */
export type Check = Readonly<{
  scenario: string;
  id: string;
  name: string;
  status: z.infer<typeof check>["status"];
  message: string | undefined;
}>;

export type SuiteRun = Readonly<{
  checks: readonly Check[];
  /** Scenarios that count for nothing in the revision's own score. */
  unscored: ReadonlySet<string>;
}>;

/** The official suite against one URL; its own long output is kept in `folder`. */
export async function runOfficialSuite({
  url,
  revision,
  scenario,
  folder,
}: {
  url: string;
  revision: Revision;
  /** Only this one. */
  scenario?: string | undefined;
  folder: string;
}): Promise<SuiteRun> {
  await rm(folder, { recursive: true, force: true });
  const results = join(folder, "results");
  await mkdir(results, { recursive: true });
  const which =
    scenario === undefined
      ? { requirements: revision }
      : { scenario, "spec-version": revision, force: true };
  const finished = await runToEnd({
    program: process.execPath,
    args: [
      SUITE,
      "server",
      ...toFlags({ ...which, url, timeout: SCENARIO_TIMEOUT_MS, "output-dir": results }),
    ],
    cwd: ROOT,
    timeoutMs: RUN_TIMEOUT_MS,
  });
  const output = finished.stdout + finished.stderr;
  await writeFile(join(folder, "output.txt"), output);
  const checks = await readChecks(results);
  if (checks.length === 0) {
    throw new Error(`the suite left no results for ${url}, see ${join(folder, "output.txt")}`);
  }
  return { checks, unscored: readUnscored(output) };
}

export function toFlags(
  flags: Readonly<Record<string, string | number | boolean>>,
): readonly string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
}

/** The suite leaves `{leg}-{scenario}-{time}/checks.json`. */
export async function readChecks(folder: string): Promise<readonly Check[]> {
  const names = await readdir(folder);
  const read = await Promise.all(
    names.toSorted().map(async (name) => {
      const scenario = /^(?:server-|authorization-server-)?(.+?)-\d{4}-\d\d-\d\dT/.exec(name)?.[1];
      if (scenario === undefined) return [];
      const path = join(folder, name, "checks.json");
      const text = await readFile(path, "utf8").catch(() => UNFINISHED);
      const checks = z.array(check).parse(JSON.parse(text));
      return checks.map(({ id, name: title, status, errorMessage }) => ({
        scenario,
        id,
        name: title,
        status,
        message: errorMessage,
      }));
    }),
  );
  return read.flat();
}

function readUnscored(output: string): ReadonlySet<string> {
  const [, section = ""] = output.split(/^Not scored for .*$/m);
  return new Set([...section.matchAll(/^ {2}[✓✗] (\S+) \(/gm)].flatMap(([, name]) => name ?? []));
}
