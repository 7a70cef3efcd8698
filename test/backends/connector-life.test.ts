import { env } from "cloudflare:workers";
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { release } from "../../src/core/outcome.ts";
import { askObject, call, leaseOf, orderFor, stubOf, textOf } from "../support/backend-calls.ts";
import { connectedBackend, methodsOf } from "../support/connected-backend.ts";
import { connectServer, type Connected, echoServer } from "../support/connect-server.ts";
import { askToConnect, dial } from "../support/dial-connector.ts";
import { awaitReady, configure, legacy, sendAsOwner, sendAuthorized } from "../support/worker.ts";

const ECHO = { params: { name: "echo", arguments: { a: 1 } } };

function initialized(connector: Connected): number {
  return methodsOf(connector).filter((method) => method === "initialize").length;
}

describe("a connector whose object slept", () => {
  test("is still there, and its server is not initialized again", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    await evictDurableObject(stubOf(order.config.name), { webSockets: "hibernate" });
    expect(textOf(await call(order, ECHO))).toBe('{"a":1}');
    expect(initialized(connector)).toBe(1);
    connector.hangUp();
  });

  test("goes on to be heard", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    await evictDurableObject(stubOf(order.config.name), { webSockets: "hibernate" });
    connector.say({ kind: "state", state: { state: "down", reason: "ended" } });
    await expect
      .poll(() => leaseOf(order).catch((error: unknown) => error))
      .toMatchObject({ code: "backend_offline", message: expect.stringContaining("ended") });
    connector.hangUp();
  });

  test("is remembered for why its server is not running", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    connector.say({ kind: "state", state: { state: "down", reason: "out of disk" } });
    const refusal = () => leaseOf(order).catch((error: unknown) => error);
    const expected = { message: expect.stringContaining("is not running: out of disk") };
    await expect.poll(refusal).toMatchObject(expected);
    await evictDurableObject(stubOf(order.config.name), { webSockets: "hibernate" });
    expect(await refusal()).toMatchObject(expected);
    connector.hangUp();
  });

  test("is refused when it goes on in the middle of a message", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    connector.say('c1,0,0,{"jsonrpc":');
    await evictDurableObject(stubOf(order.config.name), { webSockets: "hibernate" });
    connector.say('c1,1,1,"2.0"}');
    expect(await connector.closed).toMatchObject({ code: 4002 });
  });

  test("is refused in its sleep when a newer one comes", async () => {
    const { order, connector, again } = await connectedBackend(echoServer());
    await call(order, ECHO);
    await evictDurableObject(stubOf(order.config.name), { webSockets: "hibernate" });
    const newer = await again(echoServer());
    expect(await connector.closed).toMatchObject({ code: 4001 });
    expect(textOf(await call(order, ECHO))).toBe('{"a":1}');
    newer.hangUp();
  });
});

describe("a connector whose object was lost", () => {
  test("dials again, and a server that went on running is not initialized again", async () => {
    const { order, connector, again } = await connectedBackend(echoServer());
    await call(order, ECHO);
    await abortAllDurableObjects();
    await connector.closed;
    const back = await again(echoServer());
    expect(textOf(await call(order, ECHO))).toBe('{"a":1}');
    expect(initialized(back)).toBe(0);
    back.hangUp();
  });

  test("is missed at once, and calls say so", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    await abortAllDurableObjects();
    await connector.closed;
    await expect(leaseOf(order)).rejects.toMatchObject({ code: "backend_offline" });
  });

  test("ends the calls under way, each once", async () => {
    const { order, connector } = await connectedBackend(
      echoServer({ "tools/call": () => undefined }),
    );
    await leaseOf(order);
    const running = Promise.allSettled(Array.from({ length: 5 }, () => call(order)));
    await expect.poll(() => methodsOf(connector).filter((m) => m === "tools/call")).toHaveLength(5);
    await abortAllDurableObjects();
    const ends = await running;
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    await connector.closed;
  });
});

describe("a local server", () => {
  test("is initialized for each of its starts", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await call(order, ECHO);
    connector.up("another-start");
    await expect.poll(() => initialized(connector)).toBe(2);
    expect(textOf(await call(order, ECHO))).toBe('{"a":1}');
    connector.hangUp();
  });

  test("that ends at any word but `initialize` is asked nothing else after its next start", async () => {
    const server = echoServer();
    const { order, connector } = await connectedBackend((message, write) => {
      if (message["method"] !== "server/discover") return server(message, write);
      connector.say({ kind: "state", state: { state: "down", reason: "expected initialize" } });
      connector.up("second-start");
      return undefined;
    });
    await expect
      .poll(() => call(order, ECHO).then(textOf, String), { timeout: 5_000 })
      .toBe('{"a":1}');
    expect(methodsOf(connector).filter((method) => method === "server/discover")).toHaveLength(1);
    connector.hangUp();
  });

  test("that says nothing to a modern question is taken for a legacy one, soon", async () => {
    const server = echoServer();
    const { order, connector } = await connectedBackend((message, write) => {
      if (message["method"] !== "server/discover") server(message, write);
    });
    expect(textOf(await call(order, ECHO))).toBe('{"a":1}');
    connector.hangUp();
  });

  test("that was still starting when it was asked is known for modern all the same", async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const refused = { code: -32600, message: "There is no such method in this era" };
    const { order, connector } = await connectedBackend((message, write) => {
      const { id, method } = message;
      if (method === "initialize") start();
      if (id === undefined) return;
      const answer: JsonObject =
        method === "server/discover"
          ? { result: { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } } }
          : method === "tools/call"
            ? { result: { content: [{ type: "text", text: "modern" }] } }
            : { error: refused };
      void started.then(() => write({ jsonrpc: "2.0", id, ...answer }));
    });
    expect((await leaseOf(order)).era).toBe("modern");
    expect(textOf(await call(order, ECHO))).toBe("modern");
    connector.hangUp();
  });

  test("that refuses to be initialized is to be started afresh, once", async () => {
    const server = echoServer({ initialize: undefined as never });
    const { order, connector, again } = await connectedBackend(server);
    await expect(leaseOf(order)).rejects.toMatchObject({ code: "backend_failed" });
    expect(await connector.closed).toMatchObject({
      code: 4003,
      refusal: { code: "restart", retry: 0 },
    });
    const back = await again(server, { run: "fresh-start" });
    await expect(leaseOf(order)).rejects.toMatchObject({ code: "backend_failed" });
    back.say({ kind: "ping" });
    expect(await back.next("pong")).toEqual({ kind: "pong" });
    back.hangUp();
  });
});

/** A backend of the whole Worker, by a key of its own. */
async function configured(
  change: Readonly<{ entry?: object; key?: object }> = {},
): Promise<Readonly<{ name: string; id: string; key: string }>> {
  const name = `n${crypto.randomUUID().slice(0, 8)}`;
  await configure({ mcpServers: { [name]: { connector: true, ...change.entry } } });
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "cellar", connect: [name], ...change.key }),
  });
  const { id, key } = await response.json<{ id: string; key: string }>();
  return { name, id, key };
}

async function toolNames(name: string): Promise<string[]> {
  const { message } = await legacy("tools/list", {}, `/mcp/${name}`);
  const tools = (message.result?.["tools"] ?? []) as { name: string }[];
  return tools.map((tool) => tool.name);
}

async function stateOf(name: string): Promise<string | undefined> {
  const { backends } = await (
    await sendAuthorized("/status")
  ).json<{ backends: { name: string; state: string }[] }>();
  return backends.find((backend) => backend.name === name)?.state;
}

describe("a key that is revoked", () => {
  test.each(["awake", "asleep"])("closes its connection, %s", async (how) => {
    const { name, id, key } = await configured();
    const connector = await connectServer(name, echoServer(), { key });
    await awaitReady([name]);
    if (how === "asleep") await evictDurableObject(stubOf(name), { webSockets: "hibernate" });
    const since = Date.now();
    await sendAsOwner(`/admin/api/keys/${id}`, { method: "DELETE" });
    expect(await connector.closed).toMatchObject({
      code: 4401,
      refusal: { code: "revoked", retry: null },
    });
    expect(Date.now() - since).toBeLessThan(5_000);
    await expect
      .poll(async () => (await askToConnect(name, { key })).status, { timeout: 6_000 })
      .toBe(401);
  });

  test("leaves the connections of others alone", async () => {
    const { name, id } = await configured();
    const connector = await connectServer(name, echoServer());
    await sendAsOwner(`/admin/api/keys/${id}`, { method: "DELETE" });
    await awaitReady([name]);
    expect(await toolNames(name)).toEqual(["echo"]);
    connector.hangUp();
  });

  test("closes what was let in by somebody who had not heard of it", async () => {
    const order = orderFor({ kind: "stdio" }, { session: "shared" });
    const ask = () => askObject(order, { credential: "0".repeat(64) });
    const connector = await dial(order.config.name, { ask });
    expect(await connector.closed).toMatchObject({ code: 4401, refusal: { code: "revoked" } });
  });

  test("closes what has not introduced itself yet", async () => {
    const { name, id, key } = await configured();
    const connector = await dial(name, { key });
    await sendAsOwner(`/admin/api/keys/${id}`, { method: "DELETE" });
    expect(await connector.closed).toMatchObject({ code: 4401 });
  });
});

test("a key that ends closes its connection, in its sleep too", async () => {
  // Long enough to be ready by then on a busy machine.
  const { name, key } = await configured({ key: { expiresInSeconds: 8 } });
  const connector = await connectServer(name, echoServer(), { key });
  await awaitReady([name]);
  await evictDurableObject(stubOf(name), { webSockets: "hibernate" });
  expect(await connector.closed).toMatchObject({ code: 4401 });
}, 30_000);

test.each([
  ["is removed", {}],
  ["is no longer a connector's", { builtin: "time" }],
])("a connector is sent away when its backend %s", async (_, entry) => {
  const { name } = await configured();
  const connector = await connectServer(name, echoServer());
  await awaitReady([name]);
  const kept = Object.keys(entry).length === 0 ? {} : { [name]: entry };
  await configure({ mcpServers: { time: { builtin: "time" }, ...kept } });
  expect(await connector.closed).toMatchObject({
    code: 4404,
    refusal: { code: "unknown", retry: 60 },
  });
});

test("a connector stays when the config changes elsewhere", async () => {
  const { name } = await configured();
  const connector = await connectServer(name, echoServer());
  await awaitReady([name]);
  await configure({
    mcpServers: {
      [name]: { connector: true, timeout: 9 },
      other: { url: "http://127.0.0.1:9/mcp" },
    },
  });
  expect(await toolNames(name)).toEqual(["echo"]);
  expect(initialized(connector)).toBe(1);
  connector.hangUp();
});

describe("while a connector is away", () => {
  /** As if it had left so long ago. */
  async function letPass(name: string, ms: number): Promise<void> {
    await runInDurableObject(stubOf(name), (_object, { storage }) => {
      const sql = `UPDATE kept SET value = json_set(value, '$.offlineSince', ${Date.now() - ms})`;
      storage.sql.exec(sql);
    });
    await evictDurableObject(stubOf(name));
    await runDurableObjectAlarm(stubOf(name));
  }

  test("its tools stay for a moment, and go when it does not come back", async () => {
    const { name } = await configured();
    const connector = await connectServer(name, echoServer());
    await awaitReady([name]);
    expect(await toolNames(name)).toEqual(["echo"]);
    connector.hangUp();
    await expect.poll(() => stateOf(name), { timeout: 6_000 }).toBe("offline");
    expect(await toolNames(name)).toEqual(["echo"]);
    await letPass(name, 31_000);
    await expect.poll(() => toolNames(name), { timeout: 6_000 }).toEqual([]);
    const back = await connectServer(name, echoServer());
    await expect.poll(() => toolNames(name), { timeout: 5_000 }).toEqual(["echo"]);
    back.hangUp();
  });

  test("its tools stay where that is wanted, and calls fail at once", async () => {
    const { name } = await configured({ entry: { whenOffline: "keep" } });
    const connector = await connectServer(name, echoServer());
    await awaitReady([name]);
    connector.hangUp();
    await expect.poll(() => stateOf(name), { timeout: 6_000 }).toBe("offline");
    await letPass(name, 3_600_000);
    expect(await toolNames(name)).toEqual(["echo"]);
    const since = Date.now();
    const { message } = await legacy("tools/call", { name: "echo", arguments: {} }, `/mcp/${name}`);
    expect(JSON.stringify(message)).toContain("needs the connector, which is not connected");
    expect(Date.now() - since).toBeLessThan(1_000);
  });
});

test("tools appear within 5 s of a connector's dialling in", async () => {
  const { name } = await configured();
  expect(await toolNames(name)).toEqual([]);
  const since = Date.now();
  const connector = await connectServer(name, echoServer());
  await expect.poll(() => toolNames(name), { timeout: 6_000 }).toEqual(["echo"]);
  expect(Date.now() - since).toBeLessThan(5_000);
  connector.hangUp();
});

test("a registry that was away asks the backends of connectors how they are", async () => {
  const { name } = await configured();
  const connector = await connectServer(name, echoServer());
  await awaitReady([name]);
  await abortAllDurableObjects();
  await connector.closed;
  release(await env.REGISTRY.getByName("registry").snapshot(-1));
  await expect.poll(() => stateOf(name), { timeout: 6_000 }).toBe("offline");
});
