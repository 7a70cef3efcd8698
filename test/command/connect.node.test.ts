import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type DialledIn,
  type GatewayEnd,
  startGatewayEnd,
} from "../support/scripted-gateway-end.ts";
import { eventually } from "../support/child.ts";
import { isRunning, startCommand, type StartedGateway } from "./started-gateway.ts";

const SCRIPT = resolve(import.meta.dirname, "../support/stdio-script.mjs");
const STOP_LIMIT_MS = 5_000;

let folder: string;
let gateway: GatewayEnd;
let started: StartedGateway[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "connect-"));
  gateway = await startGatewayEnd();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((command) => command.end("SIGKILL")));
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

function connect(args: readonly string[], env: Record<string, string> = {}): StartedGateway {
  const command = startCommand(["connect", ...args], {
    GATEWAY_URL: gateway.url,
    GATEWAY_API_KEY: "key-of-the-connector",
    ...env,
  });
  started.push(command);
  return command;
}

async function writeConfig(mcpServers: Record<string, unknown>): Promise<string> {
  const path = join(folder, "mcp.json");
  await writeFile(path, JSON.stringify({ mcpServers }));
  return path;
}

function script(env: Record<string, string> = {}): Record<string, unknown> {
  return { command: process.execPath, args: [SCRIPT], env };
}

async function pidOf(connection: DialledIn): Promise<number> {
  const { result } = (await connection.ask(crypto.randomUUID(), "pid")) as {
    result: { pid: number };
  };
  return result.pid;
}

test("brings the servers of a file, with the references in it looked up", async () => {
  const path = await writeConfig({
    memory: { ...script({ TOKEN: "${NAS_TOKEN}", OURS: "${GATEWAY_API_KEY}" }), cwd: "." },
    time: { builtin: "time" },
    elsewhere: { command: "x", disabled: true },
  });
  const command = connect(["--config", path], { NAS_TOKEN: "secret-of-nas" });
  await command.until(/memory: connected/);
  const connection = await gateway.dial(0);
  expect(connection.headers["authorization"]).toBe("Bearer key-of-the-connector");
  const { result } = (await connection.ask(1, "env")) as {
    result: { env: Record<string, string>; cwd: string };
  };
  expect(result.env["TOKEN"]).toBe("secret-of-nas");
  expect(result.env["OURS"]).toBe("${GATEWAY_API_KEY}");
  expect(result.env).not.toHaveProperty("GATEWAY_API_KEY");
  expect(result.cwd).toBe(folder);
  expect(gateway.dialled).toHaveLength(1);
  expect(command.output()).toContain("${GATEWAY_API_KEY} is neither in the environment");
  expect(command.output()).not.toContain("key-of-the-connector");
});

test.each(["info", "debug"])(
  "says nothing of what passes through it, at level %s",
  async (level) => {
    const words = ["--", process.execPath, SCRIPT, "--token=word-of-its-own"];
    const command = connect(words, { LOG_LEVEL: level });
    await command.until(/: connected/);
    const connection = await gateway.dial(0);
    await connection.ask("id-of-the-call", "echo", { password: "asked-for-this" });
    connection.send({ jsonrpc: "2.0", id: 2, method: "die", params: { code: 1, words: "Over" } });
    await command.until(/ended with code 1: Over/);
    for (const secret of ["word-of-its-own", "asked-for-this", "id-of-the-call", "key-of-the"]) {
      expect(command.output()).not.toContain(secret);
    }
  },
);

test("brings one server of the command line, and stops in time with code 0", async () => {
  const command = connect(["--", process.execPath, SCRIPT, "--quiet"]);
  const connection = await gateway.dial(0);
  expect(connection.path).toBe("/connect/stdio-script");
  const pid = await pidOf(connection);
  const asked = performance.now();
  expect(await command.end("SIGINT")).toBe(0);
  expect(performance.now() - asked).toBeLessThan(STOP_LIMIT_MS);
  expect(isRunning(pid)).toBe(false);
  expect(await connection.closed).toBe(1000);
});

test("leaves no server behind when it is killed hard, stubborn ones included", async () => {
  connect(["-c", await writeConfig({ a: script({ STUBBORN: "1" }), b: script() })]);
  const both = await Promise.all([gateway.dial(0), gateway.dial(1)]);
  const pids = await Promise.all(both.map(pidOf));
  await started[0]?.end("SIGKILL");
  await eventually("they are gone", async () => expect(pids.filter(isRunning)).toEqual([]), 5_000);
});

test("follows edits of its file, and keeps its servers when an edit is not valid", async () => {
  const path = await writeConfig({ kept: script(), removed: script() });
  const command = connect(["--config", path]);
  const [one, two] = await Promise.all([gateway.dial(0), gateway.dial(1)]);
  await Promise.all([one, two].map((connection) => connection.see("state")));
  await command.until(
    /kept: connected[^]*removed: connected|removed: connected[^]*kept: connected/,
  );
  await writeFile(path, "{ no json");
  await command.until(/mcp\.json: document: not JSON.*stay as they are/);
  await writeConfig({ kept: script(), added: script() });
  await command.until(/added: connected/);
  const removed = one.path === "/connect/removed" ? one : two;
  expect(await removed.closed).toBe(1000);
  expect(gateway.dialled).toHaveLength(3);
});

test("ends with code 3 and one sentence when the gateway wants none of its servers", async () => {
  const message = "Cannot connect: the key is not valid here";
  gateway.refuse({ status: 401, body: JSON.stringify({ error: { message } }) });
  const command = connect(["--", process.execPath, SCRIPT]);
  expect(await command.exited).toBe(3);
  expect(command.output()).toContain(`stdio-script: refused: ${message}\n`);
});

test("with --once ends with code 3 when the gateway is not there, and 4 when a server ends", async () => {
  const away = connect(["--once", "--", process.execPath, SCRIPT], {
    GATEWAY_URL: "http://127.0.0.1:9",
  });
  expect(await away.exited).toBe(3);
  expect(away.output()).toContain("nothing listens there");

  const dies = connect(["--once", "--", process.execPath, SCRIPT]);
  const connection = await gateway.dial(0);
  await connection.see("state");
  connection.send({ jsonrpc: "2.0", id: 1, method: "die", params: { code: 0, words: "done" } });
  expect(await dies.exited).toBe(4);
  expect(dies.output()).toContain("stdio-script: ended with code 0: done");
});

test("waits for a gateway that is not there yet", async () => {
  const port = Number(new URL(gateway.url).port);
  await gateway.stop();
  const command = connect(["--", process.execPath, SCRIPT]);
  await command.until(/stdio-script: not connected: nothing listens there/);
  gateway = await startGatewayEnd({ port });
  await command.until(/stdio-script: connected/);
});

test.each([
  [["--", "x"], { GATEWAY_URL: "" }, "no gateway, set GATEWAY_URL"],
  [["--", "x"], { GATEWAY_API_KEY: "" }, "no key, set GATEWAY_API_KEY"],
  [[], {}, "no servers"],
  [["-g", "ws://x", "--", "x"], {}, '--gateway: "ws://x", wanted'],
  [["-g", "http://mcp.example.com", "--", "x"], {}, "wanted https"],
  [["-c", "/no/such.json"], {}, "such.json: there is no such file"],
])("refuses %j with %j in one line and code 1", async (args, env, part) => {
  const command = connect(args, env);
  expect(await command.exited).toBe(1);
  expect(command.output()).toContain(part);
  expect(command.output().trim()).not.toContain("\n");
});

test("refuses a file that has nothing to bring, or is not valid", async () => {
  const nothing = connect(["-c", await writeConfig({ time: { builtin: "time" } })]);
  expect(await nothing.exited).toBe(1);
  expect(nothing.output()).toMatch(/^mcp\.json: .*nothing to connect\n$/);
  const invalid = connect(["-c", await writeConfig({ x: { command: "" } })]);
  expect(await invalid.exited).toBe(1);
  expect(invalid.output()).toMatch(/^mcp\.json: mcpServers\.x\.command: /);
});
