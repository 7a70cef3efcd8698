import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** The first start of a checkout builds the Worker, on a busy machine. */
const DEADLINE_MS = 60_000;
const RUN = resolve(import.meta.dirname, "../../src/command/run.mjs");

export type StartedGateway = Readonly<{
  pid: number;
  output: () => string;
  /** Resolves with the match once the output has it. */
  until: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Signals it and resolves with its exit code. */
  end: (signal: NodeJS.Signals) => Promise<number | null>;
  exited: Promise<number | null>;
}>;

/** The command as npm runs it, in a process of its own. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { underShell = false } = {},
): StartedGateway {
  // `; true` keeps the shell from becoming the command.
  const [program, before] = underShell
    ? ["/bin/sh", ["-c", '"$0" "$@"; true', process.execPath]]
    : [process.execPath, []];
  const child = spawn(program, [...before, RUN, ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], CI: "true", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let wake: (() => void) | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      wake?.();
    });
  }
  let ended = false;
  const exited = once(child, "close").then((): number | null => {
    ended = true;
    wake?.();
    return child.exitCode;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    until: async (pattern) => {
      const deadline = AbortSignal.timeout(DEADLINE_MS);
      for (;;) {
        const { promise, resolve: done } = Promise.withResolvers<void>();
        wake = done;
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (ended || deadline.aborted) throw new Error(`no ${pattern} in:\n${output}`);
        deadline.addEventListener("abort", () => done(), { once: true });
        await promise;
      }
    },
    end: async (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

type Process = Readonly<{ pid: number; parent: number; command: string }>;

function readProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [, command = "", parent] =
        /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return [{ pid: Number(pid), parent: Number(parent), command }];
    } catch {
      return []; // it ended while we looked
    }
  });
}

/** Pids of the runtimes a process started. */
export function runtimesOf(parent: number): readonly number[] {
  return readProcesses()
    .filter((row) => row.parent === parent && row.command === "workerd")
    .map(({ pid }) => pid);
}

/** Everything a process started, and what those started. */
export function descendantsOf(root: number): readonly number[] {
  const rows = readProcesses();
  const found = [root];
  for (const pid of found) {
    found.push(...rows.filter((row) => row.parent === pid).map((row) => row.pid));
  }
  return found.slice(1);
}

/** Whether a process is there and not only waiting to be collected. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
