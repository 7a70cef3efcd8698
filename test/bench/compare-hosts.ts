import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPort } from "../../src/command/listen-address.ts";
import { openLocalRuntime } from "../../src/command/local-runtime.ts";
import { createGatewayClient } from "../../src/command/gateway-client.ts";
import { measureThroughput, median } from "./measure-throughput.ts";

const HELLO = `export class Thing {}
export default { fetch: () => new Response("hello") };`;
const DATE = "2026-10-01";
const UP_MS = 10_000;

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
  const stopBare = await serveBare(folder, barePort);
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
    await stopBare();
    await rm(folder, { recursive: true, force: true });
  }
}

async function serveBare(folder: string, port: number): Promise<() => Promise<void>> {
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = (
    modules = [ (name = "index.js", esModule = embed "index.js") ],
    compatibilityDate = "${DATE}")) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]);`;
  await writeFile(join(folder, "config.capnp"), config);
  const child = spawn(workerdPath(), ["serve", join(folder, "config.capnp")], { stdio: "inherit" });
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const probe = createGatewayClient({ url, apiKey: "", ownerPassword: "", localCommandKey: "" });
  if (!(await probe.waitUntilHealthy(UP_MS))) throw new Error("workerd serve did not come up");
  return async () => {
    child.kill("SIGKILL");
    await exited;
  };
}

/** The binary that miniflare runs. */
function workerdPath(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const path: unknown = fromMiniflare("workerd");
  if (typeof path === "string") return path;
  if (typeof path === "object" && path !== null && "default" in path) return String(path.default);
  throw new TypeError("the package workerd names no binary");
}

if (process.argv[1] === import.meta.filename) {
  const { barePerSecond, startPerSecond, ratio } = await compareHosts();
  console.log(`workerd serve ${Math.round(barePerSecond)}/s`);
  console.log(`npm start     ${Math.round(startPerSecond)}/s, ratio ${ratio.toFixed(2)}`);
}
