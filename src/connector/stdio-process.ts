import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { MAX_TO_GATEWAY } from "../tunnel/tunnel-protocol.ts";
import type { Environment } from "../shell/environment-flags.ts";
import { concealSecrets } from "./conceal-secrets.ts";
import { killGroup } from "../shell/finished-process.ts";
import { LastWords } from "./last-words.ts";
import { LineReader } from "../shell/line-reader.ts";

/** One program to run, as its entry in the file says. */
export type StdioServer = Readonly<{
  command: string;
  args: readonly string[];
  /** All of it: nothing is added when it is started. */
  env: Environment;
  cwd: string | undefined;
  /** What must not be seen in the words it leaves behind, its arguments included. */
  secrets: readonly string[];
}>;

export type ProcessHooks = Readonly<{
  onLine: (line: string) => void;
  onTooLong: (head: string, tail: string) => void;
  onReady: () => void;
  onStderr: (line: string) => void;
  /** Once, when it is gone with all it started; the reason is for people. */
  onEnd: (reason: string) => void;
}>;

export type StdioProcess = Readonly<{
  pid: number | undefined;
  /** One message to its stdin; false when it should get no more for the moment. */
  send: (text: string) => boolean;
  pause: () => void;
  resume: () => void;
  /** Ends it: first politely, then at all costs. */
  stop: () => Promise<void>;
}>;

/** A server that only waits for its stdin is gone by then. */
const STDIN_GRACE_MS = 800;
/** One that puts things in order first may take this long. */
const TERM_GRACE_MS = 1_000;
/** What it wrote last is read for so long; a grandchild may hold the pipe for ever. */
const DRAIN_MS = 300;

/**
 * Starts a server that speaks newline-delimited JSON-RPC. Without a shell: what the file says are
 * words and never commands. In a process group of its own, because a launcher like npx does not
 * take what it launched with it.
 */
export function startStdioProcess(server: StdioServer, hooks: ProcessHooks): StdioProcess {
  const words = new LastWords(concealSecrets(server.secrets), hooks.onStderr);
  const child = spawn(server.command, [...server.args], {
    env: { ...server.env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    ...(server.cwd === undefined ? {} : { cwd: server.cwd }),
  });
  const { promise: gone, resolve: tellGone } = Promise.withResolvers<void>();
  let ended = false;
  let isStopping = false;

  function end(reason: string): void {
    if (ended) return;
    ended = true;
    killGroup(child.pid, "SIGKILL"); // what it started ends with it
    lines.end();
    tellGone();
    hooks.onEnd(reason);
  }

  const lines = new LineReader(MAX_TO_GATEWAY, {
    onLine: (line) => {
      if (!isStopping && line.trim() !== "") hooks.onLine(line);
    },
    onTooLong: hooks.onTooLong,
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => lines.read(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => words.read(text));
  child.stdin.on("error", () => {}); // it closed its stdin or died: its end is told by the exit
  child.stdin.on("drain", hooks.onReady);
  child.once("error", (error) => end(startProblem(server, error)));
  child.once("exit", (code, signal) => {
    const drained = setTimeout(() => end(endReason(code, signal, words)), DRAIN_MS);
    child.once("close", () => {
      clearTimeout(drained);
      end(endReason(code, signal, words));
    });
  });

  async function isGoneWithin(ms: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([gone, late]);
    clearTimeout(timer);
    return ended;
  }

  return {
    pid: child.pid,
    // Between the words of JSON a line break means nothing; here it would end the message.
    send: (text) => child.stdin.write(`${text.replaceAll(/[\r\n]+/g, " ")}\n`),
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    stop: async () => {
      isStopping = true;
      child.stdout.resume(); // a full pipe would keep it from ending
      child.stdin.end();
      if (await isGoneWithin(STDIN_GRACE_MS)) return;
      killGroup(child.pid, "SIGTERM");
      if (await isGoneWithin(TERM_GRACE_MS)) return;
      killGroup(child.pid, "SIGKILL");
      await isGoneWithin(TERM_GRACE_MS);
    },
  };
}

/** The system says "no such file" of the folder it should run in as well. */
function startProblem({ command, cwd }: StdioServer, error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT" && cwd !== undefined && !existsSync(cwd)) {
    return `cannot be started: there is no folder ${JSON.stringify(cwd)}`;
  }
  if (code === "ENOENT") {
    const advice = command.includes(" ") ? ': what follows the name belongs in "args"' : "";
    return `cannot be started: there is no program ${JSON.stringify(command)} on this machine${advice}`;
  }
  if (code === "EACCES") {
    return `cannot be started: ${JSON.stringify(command)} may not be run`;
  }
  return `cannot be started: ${error.message.replace(/^spawn /, "")}`;
}

function endReason(code: number | null, signal: string | null, words: LastWords): string {
  const how = signal === null ? `ended with code ${code ?? "none"}` : `was ended by ${signal}`;
  const said = words.reason();
  return said === undefined ? how : `${how}: ${said}`;
}
