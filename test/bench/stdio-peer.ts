import { spawn } from "node:child_process";
import { once } from "node:events";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import type { FlowContender } from "./side-by-side.ts";
import { measureFlows } from "./measure-throughput.ts";

/** A package that is started for the first time is compiled first. */
const ANSWER_MS = 20_000;
const END_MS = 2_000;
const MESSAGE = { message: "The quick brown fox jumps over the lazy dog" };

export type ProgramToStart = Readonly<{
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}>;

export type StdioPeer = Readonly<{
  pid: number;
  /** Calls `echo` and fails with whatever else is answered. */
  echo: () => Promise<void>;
  stop: () => Promise<void>;
}>;

/**
 * A program of Node that speaks MCP over its stdin and stdout, initialized. Driven with bare lines,
 * since a client that looks into them would be measured, too.
 */
export async function startStdioPeer({ args, env, cwd }: ProgramToStart): Promise<StdioPeer> {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { PATH: process.env["PATH"], LOG_LEVEL: "error", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await exited;
    clearTimeout(timer);
  };
  const waiting = new Map<unknown, (answer: JsonObject) => void>();
  let asked = 0;
  let rest = "";
  let said = "";
  child.stdin.on("error", () => {}); // it ended: what is asked of it next says so
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-1_000);
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message: unknown = JSON.parse(line);
      if (!isJsonObject(message)) continue;
      waiting.get(message["id"])?.(message);
      waiting.delete(message["id"]);
    }
  });

  const write = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

  async function ask(method: string, params: object): Promise<JsonObject> {
    asked += 1;
    const id = asked;
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const late = setTimeout(() => reject(new Error(`no answer to ${method}: ${said}`)), ANSWER_MS);
    waiting.set(id, resolve);
    write({ id, method, params });
    try {
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }

  try {
    const clientInfo = { name: "bench", version: "1.0.0" };
    await ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    write({ method: "notifications/initialized" });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    echo: async () => {
      const { result, error } = await ask("tools/call", { name: "echo", arguments: MESSAGE });
      if (!isJsonObject(result) || result["isError"] === true) {
        throw new Error(`not a result: ${JSON.stringify(error ?? result)}`);
      }
    },
    stop,
  };
}

/** As many calls at once as there are connections, over the one pipe. */
export function callingOver(
  name: string,
  { pid, echo }: Pick<StdioPeer, "pid" | "echo">,
): FlowContender {
  return {
    name,
    pid,
    measure: (connections, durationMs) =>
      measureFlows(
        Array.from({ length: connections }, () => echo),
        durationMs,
      ),
  };
}
