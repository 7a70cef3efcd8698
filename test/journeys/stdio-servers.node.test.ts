import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { descendantsOf, isRunning, runtimesOf } from "../command/started-gateway.ts";
import { type Child, eventually, freePort, startChild } from "../support/child.ts";
import { type RealServer, startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/**
 * The file people already have: commands, an address and a built-in server, served by one command
 * and healed without help when its parts die.
 */

const ROOT = resolve(import.meta.dirname, "../..");
const PACKAGES = join(ROOT, "node_modules/@modelcontextprotocol");
const SCRIPT = join(ROOT, "test/support/stdio-script.mjs");
const NODE = join(ROOT, "node_modules/.bin/node");

let folder: string;
let file: string;
let everything: RealServer;
let gateway: StartedGateway;
let clients: Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stdio-"));
  file = join(folder, "mcp.json");
  everything = await startEverything("streamableHttp");
  write(allEntries());
  gateway = await startGateway(["--config", file], { env: { NOTES: join(folder, "notes") } });
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});
afterAll(async () => {
  await gateway.stop();
  await everything.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(mcpServers: Record<string, unknown>): void {
  writeFileSync(file, JSON.stringify({ mcpServers }));
}

function allEntries(): Record<string, unknown> {
  return {
    memory: {
      command: "node",
      args: [join(PACKAGES, "server-memory/dist/index.js")],
      env: { MEMORY_FILE_PATH: "${NOTES}.json" },
    },
    files: {
      command: "node",
      args: [join(PACKAGES, "server-filesystem/dist/index.js"), folder],
    },
    local: { command: "node", args: [join(PACKAGES, "server-everything/dist/index.js"), "stdio"] },
    remote: { url: everything.url },
    time: { builtin: "time" },
  };
}

async function connect(
  path = "/mcp",
  { url, apiKey }: Pick<StartedGateway, "url" | "apiKey"> = gateway,
): Promise<Client> {
  const client = new Client({ name: "journey", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${apiKey}` } };
  const transport = new StreamableHTTPClientTransport(new URL(url + path), { requestInit });
  await client.connect(transport);
  clients.push(client);
  return client;
}

async function toolNames(path = "/mcp"): Promise<readonly string[]> {
  const client = await connect(path);
  return (await client.listTools()).tools.map(({ name }) => name);
}

async function textOf(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { content } = await client.callTool({ name, arguments: args });
  const [first] = z.array(z.looseObject({ text: z.string() })).parse(content);
  return first?.text ?? "";
}

/** The process of a server, by what its command line says. */
function serverPids(part: string): readonly number[] {
  return descendantsOf(gateway.child.process.pid ?? 0).filter((pid) =>
    commandOf(pid).includes(part),
  );
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("shows every backend with its tools, whatever its transport", () => {
  const output = gateway.child.output();
  expect(output).toMatch(/memory +ready +9 tools/);
  expect(output).toMatch(/files +ready +\d+ tools/);
  expect(output).toMatch(/local +ready +\d+ tools/);
  expect(output).toMatch(/remote +ready +\d+ tools/);
  expect(output).toMatch(/time +ready +2 tools/);
  expect(output).not.toContain("trying again");
});

test("lists and calls tools of local servers beside all others", async () => {
  const names = await toolNames();
  for (const name of ["memory_read_graph", "files_list_directory", "local_echo", "remote_echo"]) {
    expect(names).toContain(name);
  }
  const client = await connect();
  const entities = [{ name: "shed", entityType: "place", observations: ["has a blue door"] }];
  await textOf(client, "memory_create_entities", { entities });
  expect(await textOf(client, "memory_search_nodes", { query: "blue" })).toContain("shed");
  expect(await textOf(client, "files_list_directory", { path: folder })).toContain("mcp.json");
  expect(await textOf(client, "local_echo", { message: "hä?" })).toBe("Echo: hä?");
});

test("keeps parallel calls apart, and passes progress on", async () => {
  const client = await connect("/mcp/local");
  const sums = await Promise.all(
    Array.from({ length: 20 }, (_, a) => textOf(client, "get-sum", { a, b: 1_000 })),
  );
  expect(sums.map((sum, a) => sum.includes(String(a + 1_000)))).toEqual(sums.map(() => true));
  const seen: number[] = [];
  await client.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 3 } },
    undefined,
    { onprogress: ({ progress }) => seen.push(progress) },
  );
  expect(seen).toEqual([1, 2, 3]);
});

test("keeps the command, its arguments and its variables on this machine", async () => {
  const answer = await fetch(`${gateway.url}/admin/api/config`, {
    headers: {
      authorization: `Basic ${Buffer.from(`owner:${gateway.ownerPassword}`).toString("base64")}`,
    },
  });
  const text = await answer.text();
  expect(text).toContain('"memory":{"connector":true}');
  expect(text).not.toContain("MEMORY_FILE_PATH");
});

test("starts a killed server again, and its backend heals", async () => {
  const [pid = 0] = serverPids("server-memory");
  process.kill(pid, "SIGKILL");
  const client = await connect("/mcp/memory");
  await eventually(
    "the memory answers again",
    async () => expect(await textOf(client, "search_nodes", { query: "blue" })).toContain("shed"),
    15_000,
  );
  expect(serverPids("server-memory")).toHaveLength(1);
  expect(gateway.child.output()).toMatch(/memory: was ended by SIGKILL.*\(trying again\)/);
});

test("answers a call whose server dies in the middle of it, once and at once", async () => {
  const client = await connect("/mcp/local");
  const answers: unknown[] = [];
  const { promise: begun, resolve: tellBegun } = Promise.withResolvers<void>();
  const call = client
    .callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 20, steps: 20 } },
      undefined,
      { onprogress: () => tellBegun() },
    )
    .then((answer) => answers.push(answer));
  await begun;
  const [pid = 0] = serverPids("server-everything");
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  await call;
  expect(performance.now() - killed).toBeLessThan(3_000);
  expect(answers).toEqual([expect.objectContaining({ isError: true })]);
  await eventually(
    "the server answers again",
    async () => expect(await textOf(client, "echo", { message: "back" })).toBe("Echo: back"),
    15_000,
  );
});

test("heals when the gateway's own runtime is killed", async () => {
  const before = serverPids("server-everything");
  const [runtime = 0] = runtimesOf(gateway.child.process.pid ?? 0);
  process.kill(runtime, "SIGKILL");
  await gateway.child.see(/The runtime crashed and was started again/);
  await eventually(
    "the local server answers again",
    async () => {
      const client = await connect("/mcp/local");
      expect(await textOf(client, "echo", { message: "back" })).toBe("Echo: back");
    },
    20_000,
  );
  // The server itself has lived through it.
  expect(serverPids("server-everything")).toEqual(before);
});

test("follows the file: one server goes, one comes, the others are left alone", async () => {
  const { files: _, ...rest } = allEntries();
  const kept = serverPids("server-everything");
  const gone = serverPids("server-filesystem");
  expect(gone).toHaveLength(1);
  const script = { command: NODE, args: [SCRIPT] };
  write({ ...rest, added: script });
  await gateway.child.see(/mcp\.json: added added, removed files/);
  await eventually("it is gone", async () => expect(gone.filter(isRunning)).toEqual([]), 5_000);
  await eventually("its tools are gone", async () =>
    expect((await toolNames()).filter((name) => name.startsWith("files_"))).toEqual([]),
  );
  // What is told is that the file is in force; a process takes a moment more.
  await eventually("the new one runs", async () =>
    expect(serverPids("stdio-script")).toHaveLength(1),
  );
  expect(serverPids("server-everything")).toEqual(kept);
  // That the gateway lets go of what was removed is no trouble of anybody's.
  expect(gateway.child.output()).not.toMatch(/files: /);
});

test("says at once and in one line that a command is not there", async () => {
  write({ ...allEntries(), nas: { command: "no-such-nas-mcp", args: ["--key=secret-of-nas"] } });
  await gateway.child.see(/nas: cannot be started: there is no program "no-such-nas-mcp"/);
  expect(gateway.child.output()).not.toContain("secret-of-nas");
});

test("stops with all its servers in time", async () => {
  const pids = descendantsOf(gateway.child.process.pid ?? 0);
  expect(pids.length).toBeGreaterThan(3);
  const asked = performance.now();
  expect(await gateway.stop()).toBe(0);
  expect(performance.now() - asked).toBeLessThan(5_000);
  expect(pids.filter(isRunning)).toEqual([]);
});

test("serves one server as mcpo does, through the script of npm", async () => {
  const state = join(folder, "one");
  const port = String(await freePort());
  const words = ["start", "--", "--port", port, "--state", state, "--api-key", "top-secret"];
  const command = ["--", "npx", "-y", "@modelcontextprotocol/server-memory"];
  const one: Child = startChild("npm", [...words, ...command], { cwd: ROOT });
  try {
    await one.see(/memory +ready +9 tools[\s\S]*curl /, 60_000);
    const url = `http://127.0.0.1:${port}`;
    const client = await connect("/mcp/memory", { url, apiKey: "top-secret" });
    expect(await textOf(client, "read_graph")).toContain("entities");
    const rest = await fetch(`${url}/read_graph`, {
      method: "POST",
      headers: { authorization: "Bearer top-secret", "content-type": "application/json" },
      body: "{}",
    });
    expect(rest.status).toBe(200);
    expect(await rest.json()).toHaveProperty("entities");
  } finally {
    const tree = descendantsOf(one.process.pid ?? 0);
    await one.stop();
    await eventually("all is gone", async () => expect(tree.filter(isRunning)).toEqual([]), 8_000);
  }
});
