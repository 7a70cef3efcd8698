import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import type { JsonObject } from "../../src/core/json.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export const NODE = join(ROOT, "node_modules/.bin/node");
export const RUN = join(ROOT, "src/command/run.mjs");
const DEADLINE_MS = 20_000;

export type StdioCommand = Readonly<{
  pid: number;
  /** One line to its stdin, as it stands. */
  send: (line: string | JsonObject) => void;
  /** Everything on its stdout, line by line. */
  lines: readonly string[];
  /** The first message that fits, of all there were and will be. */
  until: (fits: (message: JsonObject) => boolean) => Promise<JsonObject>;
  answer: (id: string | number) => Promise<JsonObject>;
  /** The first match on its stderr. */
  log: (pattern: RegExp) => Promise<RegExpExecArray>;
  stderr: () => string;
  endInput: () => void;
  kill: (signal: NodeJS.Signals) => void;
  exited: Promise<number | null>;
}>;

/** `mcp-edge-gateway stdio` in a process of its own, with nothing in between. */
export function startStdioCommand(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): StdioCommand {
  const child = spawn(NODE, [RUN, "stdio", ...args], {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", BROWSER: "true", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const wakers = new Set<() => void>();
  const wake = (): void => wakers.forEach((tell) => tell());
  let rest = "";
  let stderr = "";
  let isOver = false;
  child.stdin.on("error", () => {}); // it has ended: its exit tells
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    wake();
  });
  const exited = once(child, "close").then((): number | null => {
    isOver = true;
    wake();
    return child.exitCode;
  });

  async function seen<Value>(what: string, look: () => Value | undefined): Promise<Value> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      wakers.add(done);
      deadline.addEventListener("abort", () => done(), { once: true });
      const found = look();
      if (found !== undefined) return found;
      if (isOver || deadline.aborted) {
        throw new Error(`no ${what} in:\n${lines.join("\n")}\n${stderr}`);
      }
      await promise;
      wakers.delete(done);
    }
  }

  function until(fits: (message: JsonObject) => boolean): Promise<JsonObject> {
    return seen("such message", () => {
      for (const line of lines) {
        const message: unknown = JSON.parse(line);
        for (const one of Array.isArray(message) ? message : [message]) if (fits(one)) return one;
      }
      return undefined;
    });
  }

  return {
    pid: child.pid ?? 0,
    send: (line) => {
      child.stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
    },
    lines,
    until,
    answer: (id) => until((message) => message["id"] === id && !("method" in message)),
    log: (pattern) => seen(String(pattern), () => pattern.exec(stderr) ?? undefined),
    stderr: () => stderr,
    endInput: () => child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    exited,
  };
}
