import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { killGroup } from "../shell/finished-process.ts";
import { openOrphanGuard } from "../shell/orphan-guard.ts";
import { PROJECT } from "../shell/project-files.ts";
import type { Host, HostNeeds } from "./serve-gateway.ts";
import { writeWranglerConfig } from "./wrangler-config.ts";
import { QUIET_WRANGLER } from "./wrangler-run.ts";

/** wrangler dev takes its runtime down within a second; after that nothing good comes of waiting. */
const STOP_TIMEOUT_MS = 1_500;

/** `wrangler dev` on a generated config, so that secrets travel in a file only we may read. */
export async function openDevHost(needs: HostNeeds): Promise<Host> {
  const folder = join(PROJECT.scratch, "dev-host");
  const guard = openOrphanGuard();
  const { promise: ended, resolve: tellEnded } = Promise.withResolvers<string>();

  async function open(variables: HostNeeds["variables"]): Promise<ChildProcess> {
    const config = await writeWranglerConfig(folder, { vars: variables });
    const child = startWrangler(config, needs);
    child.once("error", (error) => tellEnded(error.message));
    child.once("exit", (code) => {
      // One that we end is no longer the running one.
      if (child === running) tellEnded(`wrangler dev ended with code ${code ?? "none"}`);
    });
    if (child.pid !== undefined) guard.watch([-child.pid]);
    return child;
  }

  async function end(): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    killGroup(child.pid, "SIGTERM");
    const timer = setTimeout(() => killGroup(child.pid, "SIGKILL"), STOP_TIMEOUT_MS);
    await exit;
    clearTimeout(timer);
    // Whatever the launcher left of its group.
    killGroup(child.pid, "SIGKILL");
  }

  let running: ChildProcess | undefined;
  running = await open(needs.variables);
  return {
    ended,
    restart: async (variables) => {
      await end();
      running = await open(variables);
    },
    stop: async () => {
      await end();
      guard.release();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startWrangler(config: string, { host, port, state, say }: HostNeeds): ChildProcess {
  const child = spawn(
    process.execPath,
    [
      PROJECT.wrangler,
      "dev",
      `--config=${config}`,
      `--ip=${host}`,
      `--port=${port}`,
      `--persist-to=${state}`,
      "--inspector-port=0",
      "--show-interactive-dev-session=false",
    ],
    {
      cwd: PROJECT.root,
      env: { ...process.env, ...QUIET_WRANGLER, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    },
  );
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (isWorthSaying(line)) say(line);
    });
  }
  return child;
}

/** The list of bindings, with every value in it, the request log and the welcome. */
const NOISE =
  /^\s*(env\.|Your Worker has access|Binding\s+Resource|⎔|╭|╰|│|\[wrangler:info\]|Using (vars|secrets) defined)/;

/** Errors and the Worker's own lines. */
function isWorthSaying(line: string): boolean {
  return line.trim() !== "" && !NOISE.test(line);
}
