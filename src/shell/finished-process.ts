import { spawn } from "node:child_process";

/** A build or an API call that takes longer hangs, and the person waiting should hear of it. */
const DEFAULT_TIMEOUT_MS = 180_000;
/** Enough for every error a tool prints; a runaway one is cut. */
const OUTPUT_LIMIT = 1_000_000;

export type Finished = Readonly<{ code: number; stdout: string; stderr: string }>;

export type ProcessToRun = Readonly<{
  program: string;
  args: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Written to its stdin: the way secrets travel, since arguments are visible to every user. */
  input?: string;
  timeoutMs?: number;
}>;

/** Runs a program to its end, never longer than `timeoutMs`, with everything it started. */
export async function runToEnd(run: ProcessToRun): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child = spawn(run.program, [...run.args], {
    cwd: run.cwd,
    env: { ...process.env, ...run.env },
    stdio: ["pipe", "pipe", "pipe"],
    // Its own group, so that a launcher and what it launched end together.
    detached: process.platform !== "win32",
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      if (output[name].length < OUTPUT_LIMIT) output[name] += text;
    });
  }
  child.stdin.on("error", () => {}); // it may end before it read everything; its exit code says so
  child.stdin.end(run.input ?? "");
  child.once("error", reject);
  child.once("close", (code) => resolve({ code: code ?? 1, ...output }));
  const kill = (): void => killGroup(child.pid, "SIGKILL");
  process.once("exit", kill);
  const timer = setTimeout(kill, run.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    process.removeListener("exit", kill);
  }
}

/** Signals a process that was started detached, and all its descendants in the group. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // already gone
  }
}
