import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import {
  descendantsOf,
  isRunning,
  runtimesOf,
  startCommand,
  type StartedGateway,
} from "./started-gateway.ts";

const STOP_LIMIT_MS = 3_000;

let folder: string;
let started: StartedGateway[];
let servers: Server[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "start-"));
  started = [];
  servers = [];
});
afterEach(async () => {
  await Promise.all(started.map((gateway) => gateway.end("SIGKILL")));
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

function start(args: readonly string[] = [], env: Record<string, string> = {}): StartedGateway {
  const state = join(folder, "state");
  const gateway = startCommand(["start", "--port", "0", "--state", state, ...args], env);
  started.push(gateway);
  return gateway;
}

async function writeConfig(config: unknown): Promise<string> {
  const path = join(folder, "mcp.json");
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

async function listen(onRequest: (authorization: string | undefined) => void): Promise<number> {
  const server = createServer((request, response) => {
    onRequest(request.headers.authorization);
    response.writeHead(500).end();
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function access(gateway: StartedGateway): { url: string; password: string; key: string } {
  const read = (label: string): string =>
    new RegExp(`${label} +(\\S+)`).exec(gateway.output())?.[1] ?? "";
  return { url: read("URL"), password: read("Owner password"), key: read("API key") };
}

test("serves the built-in backend at once, and prints all one needs to connect", async () => {
  const gateway = start();
  await gateway.until(/\bcurl +curl /);
  const { url, password, key } = access(gateway);
  expect(gateway.output()).toMatch(/time +ready +\d+ tools/);
  expect(password).toMatch(/^[a-z2-9-]{23}$/);
  expect(gateway.output()).toContain(`${url}/admin`);
  // A pipe is no screen: no colours in it.
  expect(gateway.output()).not.toContain("\u001b");
  expect(
    gateway
      .output()
      .split("\n")
      .filter((line) => line.length > 80),
  ).toEqual([]);
  const answer = await fetch(`${url}/v1/tools`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("time_");
  expect((await fetch(`${url}/v1/tools`)).status).toBe(401);
});

test("stops on SIGTERM with code 0, and leaves no runtime behind", async () => {
  const gateway = start();
  await gateway.until(/\bcurl +curl /);
  const runtimes = runtimesOf(gateway.pid);
  expect(runtimes).toHaveLength(1);
  const asked = performance.now();
  expect(await gateway.end("SIGTERM")).toBe(0);
  expect(performance.now() - asked).toBeLessThan(STOP_LIMIT_MS);
  expect(runtimes.filter(isRunning)).toEqual([]);
});

test("stops when the shell of npm, which passes no signals on, is gone", async () => {
  // What npm does: a shell that waits for the command.
  const gateway = startCommand(
    ["start", "--port", "0", "--state", join(folder, "state")],
    { npm_lifecycle_event: "start" },
    { underShell: true },
  );
  started.push(gateway);
  await gateway.until(/\bcurl +curl /);
  const tree = descendantsOf(gateway.pid);
  await gateway.end("SIGTERM");
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (tree.some(isRunning) && performance.now() < deadline) await sleep(20);
  expect(tree.filter(isRunning)).toEqual([]);
});

test("leaves no runtime behind when it is killed hard", async () => {
  const gateway = start();
  await gateway.until(/\bcurl +curl /);
  const [runtime = 0] = runtimesOf(gateway.pid);
  await gateway.end("SIGKILL");
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (isRunning(runtime) && performance.now() < deadline) await sleep(20);
  expect(isRunning(runtime)).toBe(false);
});

test("starts a crashed runtime again, and takes that one down too", async () => {
  const gateway = start();
  await gateway.until(/\bcurl +curl /);
  const [first = 0] = runtimesOf(gateway.pid);
  process.kill(first, "SIGKILL");
  await gateway.until(/The runtime crashed and was started again/);
  expect((await fetch(`${access(gateway).url}/health`)).status).toBe(200);
  const [second = 0] = runtimesOf(gateway.pid);
  expect(second).not.toBe(first);
  await gateway.end("SIGKILL");
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (isRunning(second) && performance.now() < deadline) await sleep(20);
  expect(isRunning(second)).toBe(false);
});

test("keeps secrets, config and keys across a restart", async () => {
  const config = await writeConfig({ mcpServers: { clock: { builtin: "time" } } });
  const first = start(["--config", config]);
  await first.until(/\bcurl +curl /);
  const before = access(first);
  const owner = `Basic ${Buffer.from(`owner:${before.password}`).toString("base64")}`;
  const made = await fetch(`${before.url}/admin/api/keys`, {
    method: "POST",
    headers: { authorization: owner, "content-type": "application/json" },
    body: JSON.stringify({ name: "kept" }),
  });
  expect(made.status).toBe(201);
  const { key } = z.looseObject({ key: z.string() }).parse(await made.json());
  await first.end("SIGTERM");

  const second = start();
  await second.until(/\bcurl +curl /);
  const after = access(second);
  expect({ ...after, url: "" }).toEqual({ ...before, url: "" });
  expect(second.output()).toMatch(/clock +ready/);
  const answer = await fetch(`${after.url}/v1/tools`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.status).toBe(200);
});

test("puts flags over the stored config when no file is given, and keeps the rest of it", async () => {
  const seen: (string | undefined)[] = [];
  const port = await listen((authorization) => seen.push(authorization));
  const headers = { authorization: "Bearer written-in-clear" };
  const url = `http://127.0.0.1:${port}/mcp`;
  const first = start(["--config", await writeConfig({ mcpServers: { erp: { url, headers } } })]);
  await first.until(/\bcurl +curl /);
  await first.end("SIGTERM");
  seen.length = 0;

  const second = start(["--name", "House"]);
  await second.until(/\bcurl +curl /);
  const { url: at, password } = access(second);
  const owner = `Basic ${Buffer.from(`owner:${password}`).toString("base64")}`;
  const stored = await fetch(`${at}/admin/api/config`, { headers: { authorization: owner } });
  expect(await stored.json()).toMatchObject({
    document: { mcpServers: { erp: { url } }, gateway: { openapi: { title: "House" } } },
  });
  await second.until(/erp +(down|connecting)/);
  expect(seen).toContain("Bearer written-in-clear");
});

test("uses a key and a password given for this run", async () => {
  const gateway = start(["--api-key", "key-of-this-run-0123456789"], {
    OWNER_PASSWORD: "password-of-this-run",
  });
  await gateway.until(/\bcurl +curl /);
  const { url, password, key } = access(gateway);
  expect({ password, key }).toEqual({
    password: "password-of-this-run",
    key: "key-of-this-run-0123456789",
  });
  const answer = await fetch(`${url}/status`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
});

test("reaches backends on loopback, with the secrets of the environment", async () => {
  const seen: (string | undefined)[] = [];
  const port = await listen((authorization) => seen.push(authorization));
  const headers = { authorization: "Bearer ${ERP_KEY}" };
  const config = await writeConfig({
    mcpServers: { erp: { url: `http://127.0.0.1:${port}/mcp`, headers } },
  });
  const gateway = start(["--config", config], { ERP_KEY: "secret-of-erp" });
  await gateway.until(/erp +(down|connecting)/);
  expect(seen).toContain("Bearer secret-of-erp");
});

test("follows its config file: valid edits count, invalid ones change nothing", async () => {
  const config = await writeConfig({ mcpServers: { time: { builtin: "time" } } });
  const gateway = start(["--config", config], { NEW_KEY: "bound-later" });
  await gateway.until(/\bcurl +curl /);

  await writeConfig({ mcpServers: { clock: { builtin: "time" } } });
  await gateway.until(/mcp\.json: added clock, removed time/);
  await gateway.until(/clock is ready: \d+ tools/);

  await writeConfig({ mcpServers: { clock: { url: "ftp://x" } } });
  await gateway.until(/mcp\.json: mcpServers\.clock\.url: "ftp:\/\/x", wanted .*stays in force/);
  await writeConfig("{ no json");
  await gateway.until(/mcp\.json: document: not JSON/);
  const { url, key } = access(gateway);
  const status = await fetch(`${url}/status`, { headers: { authorization: `Bearer ${key}` } });
  expect(await status.text()).toContain('"name":"clock","state":"ready"');

  const seen: (string | undefined)[] = [];
  const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
  const port = await listen((authorization) => {
    seen.push(authorization);
    tell();
  });
  const headers = { authorization: "Bearer ${NEW_KEY}" };
  await writeConfig({ mcpServers: { late: { url: `http://127.0.0.1:${port}/mcp`, headers } } });
  await gateway.until(/mcp\.json: added late, removed clock/);
  await Promise.race([asked, sleep(10_000)]);
  expect(seen[0]).toBe("Bearer bound-later");
});

test("refuses a config with one line that names place, value and what was wanted", async () => {
  const config = await writeConfig({ mcpServers: { erp: { url: "ftp://x" } } });
  const gateway = start(["--config", config]);
  expect(await gateway.exited).toBe(1);
  expect(gateway.output().trim()).toMatch(
    /^mcp\.json: mcpServers\.erp\.url: "ftp:\/\/x", wanted .+$/,
  );
});

test("says in one line that the config file is missing", async () => {
  const gateway = start(["--config", join(folder, "none.json")]);
  expect(await gateway.exited).toBe(1);
  expect(gateway.output()).toBe("none.json: there is no such file\n");
});

test("ends with code 2 and one line when the port is in use", async () => {
  const port = await listen(() => {});
  const gateway = start(["--port", String(port)]);
  expect(await gateway.exited).toBe(2);
  expect(gateway.output()).toMatch(new RegExp(`^Port ${port} is in use: .*--port ${port + 1}\n$`));
});

test("refuses a second gateway on the same state", async () => {
  const gateway = start();
  await gateway.until(/\bcurl +curl /);
  const second = start();
  expect(await second.exited).toBe(1);
  expect(second.output()).toMatch(/^The state in .* is in use by another gateway: [^\n]*\n$/);
});

test("warns when it listens to the network", async () => {
  const gateway = start(["--host", "0.0.0.0"]);
  await gateway.until(/Listening on 0\.0\.0\.0: .*API key/);
  await gateway.until(/\bcurl +curl /);
  expect(access(gateway).url).toMatch(/^http:\/\/127\.0\.0\.1:/);
});
