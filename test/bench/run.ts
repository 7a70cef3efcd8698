import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PROJECT } from "../../src/shell/project-files.ts";
import { openWorkerBundle } from "../../src/command/worker-bundle.ts";
import { formatTable } from "../support/text-table.ts";
import { chatStreams } from "./chat-streams.ts";
import { connector } from "./connector.ts";
import { connectorCrowd } from "./connector-crowd.ts";
import { directLane } from "./direct-lane.ts";
import { hosting } from "./hosting.ts";
import { idleSessions } from "./idle-sessions.ts";
import { manyBackends } from "./many-backends.ts";
import { peers } from "./peers.ts";
import { policy } from "./policy.ts";
import { questions } from "./questions.ts";
import { restCalls } from "./rest-calls.ts";
import type { Section, SectionResult } from "./section.ts";
import { searchTools } from "./search-tools.ts";
import { sessionCalls } from "./session-calls.ts";
import { sizeAndStart } from "./size-and-start.ts";
import { stdioCalls } from "./stdio-calls.ts";
import { streams } from "./streams.ts";
import { toolList } from "./tool-list.ts";

/**
 * `npm run bench`: what the gateway costs beside what it is compared with, measured in turns in one
 * run. It never fails for being slow, since machines differ; it says which promises hold here.
 */
const SECTIONS: readonly Section[] = [
  directLane,
  restCalls,
  policy,
  sessionCalls,
  stdioCalls,
  connector,
  connectorCrowd,
  questions,
  streams,
  chatStreams,
  idleSessions,
  peers,
  toolList,
  searchTools,
  hosting,
  sizeAndStart,
  manyBackends,
];
const RESULTS = join(PROJECT.scratch, "bench/latest.json");
const FULL = { rounds: 5, durationMs: 1_500 };
/** Enough to see that everything works; the numbers say little. */
const QUICK = { rounds: 1, durationMs: 300 };

const names = SECTIONS.map(({ name }) => name);
const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    /** Only these sections. */
    only: { type: "string", multiple: true },
  },
});
const unknown = flags.only?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`--only: ${JSON.stringify(unknown)}, wanted one of ${names.join(", ")}`);
  process.exit(1);
}

let cleanup = new AsyncDisposableStack();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void cleanup.disposeAsync().finally(() => process.exit(1)));
}

// A copy: the folder goes when another start builds other sources meanwhile.
const built = await openWorkerBundle();
const folder = await mkdtemp(join(tmpdir(), "bench-bundle-"));
await cp(built.folder, folder, { recursive: true });
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const bundle = { ...built, folder };

const results: (SectionResult & { name: string })[] = [];
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
console.log(`${machine.cores} × ${machine.cpu}, load ${loadavg()[0]?.toFixed(1)}`);
for (const { name, title, run } of SECTIONS) {
  if (flags.only !== undefined && !flags.only.includes(name)) continue;
  cleanup = new AsyncDisposableStack();
  console.log(`\n${name}: ${title}`);
  try {
    const result = await run({ bundle, effort: flags.quick ? QUICK : FULL, cleanup });
    console.log(`\n${formatTable(result.table)}`);
    for (const note of result.notes ?? []) console.log(note);
    results.push({ name, ...result });
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}:`, error);
  } finally {
    await cleanup.disposeAsync();
  }
}

const promises = results.flatMap((result) => result.promises);
console.log("");
for (const { promise, measured, holds } of promises) {
  console.log(`${holds ? "holds" : "FAILS"}  ${promise}: ${measured}`);
}
await mkdir(dirname(RESULTS), { recursive: true });
await writeFile(
  RESULTS,
  JSON.stringify({ at: new Date().toISOString(), flags, machine, results }, undefined, 2),
);
process.exit();
