import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { WebSocket } from "ws";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { descendantsOf, isRunning } from "../command/started-gateway.ts";
import { encodeFrame } from "../../src/tunnel/tunnel-frame.ts";
import { CONNECT_PATH, TUNNEL_PROTOCOL } from "../../src/tunnel/tunnel-protocol.ts";
import { type Child, eventually, startChild } from "../support/child.ts";
import { startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** A gateway that knows no commands, and a machine elsewhere that brings it its servers. */

const ROOT = resolve(import.meta.dirname, "../..");
const PACKAGES = join(ROOT, "node_modules/@modelcontextprotocol");

let folder: string;
let gateway: StartedGateway;
let key: Readonly<{ id: string; key: string }>;
let running: Child[] = [];
let clients: Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "connector-"));
  const served = join(folder, "served.json");
  const mcpServers = { nas: { connector: true }, other: { connector: true } };
  writeFileSync(served, JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", served]);
  key = await createKey(["nas"]);
});
afterEach(async () => {
  await Promise.all([...clients.map((client) => client.close()), ...running.map((c) => c.stop())]);
  clients = [];
  running = [];
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

function asOwner(path: string, init: { method: string; body?: unknown }): Promise<Response> {
  return fetch(gateway.url + path, {
    method: init.method,
    headers: {
      authorization: `Basic ${Buffer.from(`owner:${gateway.ownerPassword}`).toString("base64")}`,
      "content-type": "application/json",
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
}

async function createKey(backends: readonly string[]): Promise<typeof key> {
  const body = { name: "home", connect: backends };
  const answer = await asOwner("/admin/api/keys", { method: "POST", body });
  return z.object({ id: z.string(), key: z.string() }).parse(await answer.json());
}

function bring(name: string, server = "server-everything", secret = key.key): Child {
  return bringWords(name, ["node", join(PACKAGES, `${server}/dist/index.js`), "stdio"], secret);
}

/** `connect` in a process of its own, as on another machine. */
function bringWords(name: string, words: readonly string[], secret = key.key): Child {
  const child = startChild(
    join(ROOT, "node_modules/.bin/node"),
    [
      "src/command/run.mjs",
      "connect",
      "--gateway",
      `${gateway.url}/mcp`,
      "-n",
      name,
      "--",
      ...words,
    ],
    { cwd: ROOT, env: { GATEWAY_API_KEY: secret } },
  );
  running.push(child);
  return child;
}

async function connect(client = new Client({ name: "journey", version: "1" })): Promise<Client> {
  const requestInit = { headers: { authorization: `Bearer ${gateway.apiKey}` } };
  const transport = new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), {
    requestInit,
  });
  await client.connect(transport);
  clients.push(client);
  return client;
}

async function hasTools(client: Client): Promise<boolean> {
  return (await client.listTools()).tools.some(({ name }) => name === "nas_echo");
}

async function textOf(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { content } = await client.callTool({ name, arguments: args });
  return z.array(z.looseObject({ text: z.string().optional() })).parse(content)[0]?.text;
}

test("offers the tools of a server elsewhere within 5 s, and calls them", async () => {
  const client = await connect();
  expect(await hasTools(client)).toBe(false);
  const child = bring("nas");
  await child.see(/nas: connected/);
  await eventually(
    "its tools are there",
    async () => expect(await hasTools(client)).toBe(true),
    5_000,
  );
  expect(await textOf(client, "nas_echo", { message: "from afar" })).toBe("Echo: from afar");
  const { content } = await client.callTool({ name: "nas_get-tiny-image", arguments: {} });
  expect(JSON.stringify(content)).toContain('"mimeType":"image/png"');
});

test("fails calls at once while the server is away, and heals when it is back", async () => {
  const first = bring("nas");
  const client = await connect();
  await eventually("it is there", async () =>
    expect(await textOf(client, "nas_echo", { message: "1" })).toBe("Echo: 1"),
  );
  const hanging = client.callTool({
    name: "nas_trigger-long-running-operation",
    arguments: { duration: 30, steps: 2 },
  });
  const servers = descendantsOf(first.process.pid ?? 0);
  await first.stop("SIGKILL");
  expect(await hanging).toMatchObject({ isError: true });
  const asked = performance.now();
  expect(await client.callTool({ name: "nas_echo", arguments: { message: "2" } })).toMatchObject({
    isError: true,
  });
  expect(performance.now() - asked).toBeLessThan(1_000);
  await eventually("nothing is left behind", async () =>
    expect(servers.filter(isRunning)).toEqual([]),
  );
  bring("nas");
  await eventually("it is back", async () =>
    expect(await textOf(client, "nas_echo", { message: "3" })).toBe("Echo: 3"),
  );
});

test("passes a question of the server to the person, and the answer back", async () => {
  bring("nas");
  const asking = new Client(
    { name: "journey", version: "1" },
    { capabilities: { elicitation: {} } },
  );
  asking.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" as const }));
  const client = await connect(asking);
  await eventually("it can ask", async () =>
    expect(await textOf(client, "nas_trigger-elicitation-request")).toMatch(/declined/i),
  );
});

test.each(["streamableHttp", "sse"] as const)(
  "brings a server of its network that speaks %s",
  async (transport) => {
    const server = await startEverything(transport);
    try {
      const child = bringWords("nas", [server.url]);
      await child.see(/nas: connected/);
      const client = await connect();
      await eventually("it answers", async () =>
        expect(await textOf(client, "nas_echo", { message: transport })).toBe(`Echo: ${transport}`),
      );
      await child.stop();
    } finally {
      await server.stop();
    }
  },
);

test("lets the newest connector of a backend have it, without a quarrel", async () => {
  const first = bring("nas");
  await first.see(/nas: connected/);
  const second = bring("nas", "server-memory");
  await second.see(/nas: connected/);
  await first.see(/nas: another connector has taken over/);
  const client = await connect();
  await eventually("the second one answers", async () =>
    expect(await textOf(client, "nas_read_graph")).toContain("entities"),
  );
  expect(second.output()).not.toContain("taken over");
});

test("refuses a backend the key is not for, and one that is not there, in the same words", async () => {
  const refusals = await Promise.all(
    ["other", "no-such-one"].map(async (name) => {
      const child = bring(name);
      const [line] = await child.see(/refused: .*/);
      expect(await child.stop()).toBe(3);
      return line.replaceAll(name, "x");
    }),
  );
  expect(refusals[0]).toBe(refusals[1]);
  const client = bring("nas", "server-everything", gateway.apiKey);
  await client.see(/refused: .*not for connectors/);
});

test("ends within 5 s when its key is revoked", async () => {
  const short = await createKey(["*"]);
  const child = bring("other", "server-everything", short.key);
  await child.see(/other: connected/);
  const asked = performance.now();
  const answer = await asOwner(`/admin/api/keys/${short.id}`, { method: "DELETE" });
  expect(answer.status).toBe(204);
  await child.see(/other: refused: .*no longer valid/, 5_000);
  expect(performance.now() - asked).toBeLessThan(5_000);
  expect(await child.stop()).toBe(3);
});

test("is rid of a connection that sends 33 MiB at once, and goes on", async () => {
  const socket = new WebSocket(`${gateway.url}${CONNECT_PATH}nas`, [TUNNEL_PROTOCOL], {
    headers: { authorization: `Bearer ${key.key}` },
  });
  await once(socket, "open");
  const hello = { backend: "nas", instance: "of-the-test", sequence: 0 };
  socket.send(encodeFrame({ kind: "hello", hello }));
  await once(socket, "message");
  socket.send(encodeFrame({ kind: "state", state: { state: "up", run: "of-the-test" } }));
  socket.send(`{"${"x".repeat(33 * 1_024 * 1_024)}`);
  await eventually("it is refused", async () => expect(socket.readyState).not.toBe(WebSocket.OPEN));
  const closed = once(socket, "close");
  socket.terminate(); // the runtime reads nothing more of it, so that it would not end by itself
  expect((await closed)[0]).toBe(TOO_BIG);
  bring("nas");
  const client = await connect();
  await eventually("another one is heard", async () =>
    expect(await textOf(client, "nas_echo", { message: "on" })).toBe("Echo: on"),
  );
  expect(gateway.child.output()).not.toContain("crashed");
});

/** Of RFC 6455, said by the runtime before any of it reaches us. */
const TOO_BIG = 1009;
