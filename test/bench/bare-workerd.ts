import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCpuMs } from "./cpu-time.ts";

const UP_MS = 10_000;
/** Shorter than what is measured, and long enough not to be measured itself. */
const POLL_MS = 1;

export type BareWorker = Readonly<{
  /** From the start of the process to its first answer. */
  startMs: number;
  /** What it spent until then. */
  startCpuMs: number | undefined;
  stop: () => Promise<void>;
}>;

/** `workerd serve` on modules of `folder`, with nothing around it; `/health` has to answer. */
export async function serveBare({
  folder,
  modules = ["index.js"],
  port,
  date,
  worker = "",
  services = "",
}: {
  folder: string;
  /** The entry first. */
  modules?: readonly string[];
  port: number;
  date: string;
  /** More fields of the worker and more services, in the words of workerd.capnp. */
  worker?: string;
  services?: string;
}): Promise<BareWorker> {
  const list = modules
    .map((name) => `(name = "${name}", ${kindOf(name)} = embed "${name}")`)
    .join(", ");
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [${list}], compatibilityDate = "${date}"${worker}))${services} ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]);`;
  const path = join(folder, "config.capnp");
  await writeFile(path, config);
  const started = performance.now();
  const child = spawn(workerdPath(), ["serve", path], { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  while (!(await answers(`http://127.0.0.1:${port}/health`))) {
    if (child.exitCode !== null || performance.now() - started > UP_MS) {
      await stop();
      throw new Error("workerd serve did not come up");
    }
    await sleep(POLL_MS);
  }
  const startMs = performance.now() - started;
  return { startMs, startCpuMs: readCpuMs(child.pid ?? 0), stop };
}

/** Scripts of pages are text to the Worker: see the rules in wrangler.toml. */
function kindOf(name: string): string {
  return name.endsWith(".mjs") ? "text" : "esModule";
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false; // not listening yet
  }
}

/** The binary that miniflare runs. */
function workerdPath(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const path: unknown = fromMiniflare("workerd");
  if (typeof path === "string") return path;
  if (typeof path === "object" && path !== null && "default" in path) return String(path.default);
  throw new TypeError("the package workerd names no binary");
}
