import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureBundle } from "../../src/command/bundle-size.ts";
import type { HostSettings } from "../../src/command/host-settings.ts";
import { claimPort } from "../../src/command/listen-address.ts";
import { PROJECT } from "../../src/shell/project-files.ts";
import { createWrangler, wranglerProblem } from "../../src/command/wrangler-run.ts";
import { type BareWorker, serveBare } from "./bare-workerd.ts";
import { median } from "./measure-throughput.ts";
import { atMost, type Section } from "./section.ts";

const EMPTY = `export default { fetch: () => new Response("ok") };`;
/** CPU is counted in steps of 10 ms: only many starts make a number of it. */
const STARTS_PER_ROUND = 5;

/** What is uploaded, and what an isolate costs before its first answer. */
export const sizeAndStart: Section = {
  name: "start",
  title: "size as uploaded, and the first answer of bare workerd beside an empty Worker's",
  async run({ bundle: { main, settings }, effort: { rounds }, cleanup }) {
    const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const [ours, empty] = [join(folder, "ours"), join(folder, "empty")];
    await mkdir(empty);
    await writeFile(join(empty, "index.js"), EMPTY);
    const built = await createWrangler()([
      "deploy",
      "--dry-run",
      "--minify",
      "--config",
      PROJECT.wranglerToml,
      "--outdir",
      ours,
    ]);
    if (built.code !== 0) throw new Error(wranglerProblem(built));
    const size = measureBundle({ folder: ours, main, settings });
    const others = (await readdir(ours)).filter((name) => /\.m?js$/.test(name) && name !== main);
    const date = settings.compatibilityDate;

    const emptyStarts: BareWorker[] = [];
    const ourStarts: BareWorker[] = [];
    for (let start = 0; start < rounds * STARTS_PER_ROUND; start += 1) {
      emptyStarts.push(await startOnce({ folder: empty, date }));
      const modules = [main, ...others];
      ourStarts.push(await startOnce({ folder: ours, modules, date, ...bindingsOf(settings) }));
    }
    const cpuAbove = meanCpu(ourStarts) - meanCpu(emptyStarts);
    const row = (name: string, starts: readonly BareWorker[]): readonly string[] => [
      name,
      median(starts.map(({ startMs }) => startMs)).toFixed(0),
      meanCpu(starts).toFixed(0),
    ];
    return {
      table: [
        ["", "start ms", "CPU ms"],
        row("empty Worker", emptyStarts),
        row("gateway", ourStarts),
      ],
      promises: [
        atMost("bundle, minified and gzipped, KiB", size.gzip, 300),
        atMost("start above an empty Worker, CPU ms", cpuAbove, 80),
      ],
      notes: [`bundle ${size.raw} KiB minified, ${size.gzip} KiB gzipped`],
    };
  },
};

async function startOnce(
  options: Omit<Parameters<typeof serveBare>[0], "port">,
): Promise<BareWorker> {
  const started = await serveBare({ ...options, port: await claimPort("127.0.0.1", 0) });
  await started.stop();
  return started;
}

function meanCpu(starts: readonly BareWorker[]): number {
  return starts.reduce((sum, { startCpuMs = NaN }) => sum + startCpuMs, 0) / starts.length;
}

/** What wrangler.toml promises the Worker, in the words of workerd.capnp. */
function bindingsOf({ kv, objects, compatibilityFlags }: HostSettings): {
  worker: string;
  services: string;
} {
  const flags = compatibilityFlags.map((flag) => `"${flag}"`).join(", ");
  const bindings = [
    ...kv.map(({ binding }) => `(name = "${binding}", kvNamespace = "kv")`),
    ...objects.map(
      ({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`,
    ),
  ].join(", ");
  const namespaces = objects
    .map(
      ({ className }) =>
        `(className = "${className}", uniqueKey = "${className}", enableSql = true)`,
    )
    .join(", ");
  return {
    worker: `, compatibilityFlags = [${flags}], bindings = [${bindings}],
      durableObjectNamespaces = [${namespaces}], durableObjectStorage = (inMemory = void)`,
    services: `,
    (name = "kv", worker = (serviceWorkerScript = "addEventListener('fetch', () => {})", compatibilityDate = "2026-01-01"))`,
  };
}
