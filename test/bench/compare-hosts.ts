import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPort } from "../../src/command/listen-address.ts";
import { openLocalRuntime } from "../../src/command/local-runtime.ts";
import { serveBare } from "./bare-workerd.ts";
import { measureThroughput, median } from "./measure-throughput.ts";

const HELLO = `export class Thing {}
export default { fetch: () => new Response("hello") };`;
const DATE = "2026-10-01";

export type HostComparison = Readonly<{
  barePerSecond: number;
  startPerSecond: number;
  /** Ours over bare workerd. */
  ratio: number;
}>;

/** The same Worker on bare `workerd serve` and on what `npm start` uses, in turns. */
export async function compareHosts({
  rounds = 5,
  durationMs = 2_000,
  connections = 16,
} = {}): Promise<HostComparison> {
  const folder = await mkdtemp(join(tmpdir(), "hosts-"));
  await writeFile(join(folder, "index.js"), HELLO);
  const barePort = await claimPort("127.0.0.1", 0);
  const startPort = await claimPort("127.0.0.1", 0);
  const bareWorker = await serveBare({ folder, port: barePort, date: DATE });
  const ours = await openLocalRuntime({
    bundle: {
      folder,
      main: "index.js",
      settings: {
        name: "hello",
        compatibilityDate: DATE,
        compatibilityFlags: [],
        vars: {},
        kv: [{ binding: "KV", id: "kv" }],
        objects: [{ binding: "THINGS", className: "Thing", sqlite: true }],
      },
    },
    variables: {},
    host: "127.0.0.1",
    port: startPort,
    state: join(folder, "state"),
    onLog: () => {},
  });
  try {
    const bare: number[] = [];
    const start: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const [port, results] of [
        [barePort, bare],
        [startPort, start],
      ] as const) {
        const url = `http://127.0.0.1:${port}/`;
        results.push((await measureThroughput({ url, connections, durationMs })).perSecond);
      }
    }
    const ratio = median(start.map((value, round) => value / (bare[round] ?? value)));
    return { barePerSecond: median(bare), startPerSecond: median(start), ratio };
  } finally {
    await ours.stop();
    await bareWorker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const { barePerSecond, startPerSecond, ratio } = await compareHosts();
  console.log(`workerd serve ${Math.round(barePerSecond)}/s`);
  console.log(`npm start     ${Math.round(startPerSecond)}/s, ratio ${ratio.toFixed(2)}`);
}
