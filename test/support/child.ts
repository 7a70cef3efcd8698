import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A started program whose output is kept, and which is gone after `stop`. */
export type Child = Readonly<{
  process: ChildProcess;
  /** Everything printed so far, both streams. */
  output: () => string;
  /** The first match in the output; fails with the output when none comes in time. */
  see: (pattern: RegExp, withinMs?: number) => Promise<RegExpExecArray>;
  /** Ends it and answers its exit code; null when it had to be killed. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}>;

const DEFAULT_WAIT_MS = 30_000;
const STOP_WAIT_MS = 10_000;

export function startChild(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Child {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  const gather = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", gather);
  child.stderr.on("data", gather);
  child.on("exit", () => {
    for (const listener of listeners) listener();
  });

  return {
    process: child,
    output: () => output,
    see(pattern, withinMs = DEFAULT_WAIT_MS) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => end(`not seen within ${withinMs} ms`), withinMs);
        function look(): void {
          const match = pattern.exec(output);
          if (match !== null) {
            clearTimeout(timer);
            listeners.delete(look);
            resolve(match);
          } else if (child.exitCode !== null) end(`exited with ${child.exitCode}`);
        }
        function end(reason: string): void {
          clearTimeout(timer);
          listeners.delete(look);
          reject(new Error(`${pattern} ${reason} in the output of ${command}:\n${output}`));
        }
        listeners.add(look);
        look();
      });
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, "exit");
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
      await exited;
      clearTimeout(timer);
      return child.exitCode;
    },
  };
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return address.port;
}

/** Tries until the answer is there; fails with the last reason when it does not come in time. */
export async function eventually<Value>(
  what: string,
  attempt: () => Promise<Value>,
  withinMs = 10_000,
): Promise<Value> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`${what}: not within ${withinMs} ms`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
