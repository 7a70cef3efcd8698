import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const RUN = resolve(import.meta.dirname, "../../src/command/run.mjs");
/** Every one of these commands asks once and ends. */
const DEADLINE_MS = 40_000;

export type Ran = Readonly<{ code: number | null; stdout: string; stderr: string }>;

export type CommandToRun = Readonly<{
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  input?: string;
  /** The command of the checkout unless named. */
  program?: readonly [string, ...string[]];
}>;

/** Runs the command to its end, with nothing in its environment but what is said. */
export async function runCommand(
  args: readonly string[],
  options: CommandToRun = {},
): Promise<Ran> {
  const [file, ...before] = options.program ?? [process.execPath, RUN];
  const child = spawn(file, [...before, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(options.input ?? "");
  const closed = await once(child, "close");
  return { code: typeof closed[0] === "number" ? closed[0] : null, stdout, stderr };
}
