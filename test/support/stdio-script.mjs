// A stdio server in a few lines, for what real ones do only by accident. Each method does one thing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const say = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const METHODS = {
  echo: (id, params) => say({ id, result: params }),
  env: (id) =>
    say({ id, result: { env: process.env, cwd: process.cwd(), argv: process.argv.slice(2) } }),
  pid: (id) => say({ id, result: { pid: process.pid } }),
  /** What launchers do: the child holds our pipes and does not care for our end. */
  launch: (id) => {
    const script = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ["-e", script], { stdio: "inherit" });
    child.once("spawn", () => say({ id, result: { pid: child.pid } }));
  },
  garbage: (id) => {
    process.stdout.write(`Starting up with ${process.env.TOKEN}\n`);
    process.stdout.write('\u001b[31m{not json\n{"id":1}\n\n[]\n42\n');
    say({ id, result: {} });
  },
  /** Ten megabytes of complaints. */
  complain: (id) => {
    const line = `${"x".repeat(1_000)}\n`;
    for (let count = 0; count < 10_000; count += 1) process.stderr.write(line);
    say({ id, result: {} });
  },
  /** Faster than anybody reads; says on stderr that all of it is written. */
  flood: async (id, { megabytes }) => {
    const text = "x".repeat(1_000_000);
    for (let count = 0; count < megabytes; count += 1) {
      if (!say({ method: "much", params: { text } })) await once(process.stdout, "drain");
    }
    process.stderr.write("flood is over\n");
    say({ id, result: {} });
  },
  /** Takes nothing in until it gets the signal. */
  deafen: (id) => {
    lines.pause();
    const awake = setInterval(() => {}, 1_000);
    process.once("SIGUSR2", () => {
      clearInterval(awake);
      lines.resume();
    });
    say({ id, result: { pid: process.pid } });
  },
  long: (id, { length }) => say({ id, result: { text: "ä".repeat(length) } }),
  halves: (id) => {
    const line = JSON.stringify({ jsonrpc: "2.0", id, result: { text: "größer 😀" } });
    const bytes = Buffer.from(`${line}\r\n`);
    process.stdout.write(bytes.subarray(0, 45));
    setTimeout(() => process.stdout.write(bytes.subarray(45)), 20);
  },
  die: (_id, { code, words }) => {
    process.stderr.write(`${words}\n`);
    process.exit(code);
  },
  ask: (id) => {
    say({ id: "question", method: "roots/list" });
    waiting.set("question", (answer) => say({ id, result: { answer } }));
  },
  hang: () => {},
  /** What has been cancelled so far. */
  cancelled: (id) => say({ id, result: { cancelled } }),
  answers: (id) => say({ id, result: { answers } }),
  /** How many lines came so far. */
  heard: (id) => say({ id, result: { heard } }),
};

const waiting = new Map();
const cancelled = [];
const answers = [];
let heard = 0;

if (process.env.STUBBORN !== undefined) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}
if (process.env.DIE_AT_ONCE !== undefined) {
  process.stderr.write(`cannot find the token ${process.env.DIE_AT_ONCE}\n`);
  process.exit(3);
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  heard += 1;
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) {
    answers.push(result ?? error);
    waiting.get(id)?.(result ?? error);
  } else if (method === "notifications/cancelled") cancelled.push(params.requestId);
  else METHODS[method]?.(id, params ?? {});
});
