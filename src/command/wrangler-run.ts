import { dirname, join } from "node:path";
import { CommandFailure } from "../shell/command-failure.ts";
import { runToEnd, type Finished } from "../shell/finished-process.ts";
import { requireHeavyPackage } from "./heavy-package.ts";
import { PROJECT } from "../shell/project-files.ts";

/** No telemetry, no update check, no banner, no look-up of where this machine stands. */
export const QUIET_WRANGLER = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_SANITIZE: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
  DO_NOT_TRACK: "1",
} as const;

export type WranglerRun = (
  args: readonly string[],
  options?: Readonly<{ input?: string; env?: Readonly<Record<string, string>> }>,
) => Promise<Finished>;

/** It refuses to run on an older one. */
const WRANGLER_NODE = 22;

/** The pinned wrangler, or the program named instead (its own launcher is a Node script). */
export function createWrangler(program?: string): WranglerRun {
  return async (args, { env, ...options } = {}) =>
    runToEnd({
      program: process.execPath,
      args: [program ?? (await findWrangler()), ...args],
      cwd: PROJECT.isPacked ? PROJECT.scratch : PROJECT.root,
      env: { ...QUIET_WRANGLER, ...env },
      ...options,
    });
}

async function findWrangler(): Promise<string> {
  if (!PROJECT.isPacked) return PROJECT.wrangler;
  const { node } = process.versions;
  if (Number(node.split(".")[0]) < WRANGLER_NODE) {
    throw new CommandFailure(
      `Cannot deploy with Node ${node}: wrangler, which uploads the Worker, needs ${WRANGLER_NODE} or newer`,
    );
  }
  return join(dirname(await requireHeavyPackage("wrangler")), "../bin/wrangler.js");
}

/** The sentence of a failed run that says what is wrong, without frames, hints and log paths. */
export function wranglerProblem({ stdout, stderr }: Finished): string {
  const lines = `${stderr}\n${stdout}`
    // oxlint-disable-next-line no-control-regex -- colour codes are control characters
    .replaceAll(/\u001b\[[0-9;]*m/g, "")
    .split("\n")
    .map((line) => line.trim());
  const error = lines.find((line) => /\[ERROR\]/.test(line));
  return error?.replace(/^.*\[ERROR\]\s*/, "") ?? lines.find((line) => line !== "") ?? "no output";
}
