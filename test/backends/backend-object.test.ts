import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { sendRequest } from "../../src/backends/send.ts";
import type { BackendReport } from "../../src/config/backend-report.ts";
import { release } from "../../src/core/outcome.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import { attend } from "../support/attend-backend.ts";
import {
  call,
  http,
  ioFor,
  leaseOf,
  orderFor,
  quirk,
  stubOf,
  textOf,
} from "../support/backend-calls.ts";

/** Runs whatever the object has planned, until its listing holds what is wanted. */
async function listedTools(order: BackendOrder): Promise<string[]> {
  const listing = await stubOf(order.config.name).listing();
  return listing?.tools.map(({ name }) => name) ?? [];
}

async function eventuallyLists(order: BackendOrder, tools: string[]): Promise<void> {
  await expect
    .poll(
      async () => {
        await runDurableObjectAlarm(stubOf(order.config.name));
        return listedTools(order);
      },
      { timeout: 5_000 },
    )
    .toEqual(tools);
}

async function storedText(order: BackendOrder): Promise<string> {
  return runInDurableObject(stubOf(order.config.name), (_object, state) => {
    const tables = ["kept", "sealed", "listing"];
    return JSON.stringify(
      tables.map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
    );
  });
}

test("connects once for callers who ask at the same time", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const leases = await Promise.all(Array.from({ length: 20 }, () => leaseOf(order)));
  expect(new Set(leases.map(({ sessionId }) => sessionId)).size).toBe(1);
  const methods = (await backend.arrived()).map(({ message }) => message?.method);
  expect(methods.filter((method) => method === "initialize")).toHaveLength(1);
});

test("connects anew when a lease is lost, once for all who lost it", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const old = await leaseOf(order);
  await backend.control({ loseSessions: true });
  const stub = stubOf(order.config.name);
  const fresh = await Promise.all(
    Array.from({ length: 10 }, async () =>
      release(await stub.lease(order, { role: "shared", lost: old.revision })),
    ),
  );
  expect(new Set(fresh.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(fresh[0]?.sessionId).not.toBe(old.sessionId);
  expect(fresh[0]?.revision).toBeGreaterThan(old.revision);
  const request = { id: 1, method: "tools/call", params: { name: "x" } };
  const answer = await sendRequest(fresh[0] ?? old, request, ioFor(order));
  expect(answer.message()).toHaveProperty("result");
});

test("keeps its session through an eviction", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const before = await leaseOf(order);
  await evictDurableObject(stubOf(order.config.name));
  const after = await leaseOf(order);
  expect(after.sessionId).toBe(before.sessionId);
  expect(after.revision).toBe(before.revision);
});

test("opens a stream again after an eviction, without the caller noticing", async () => {
  const order = orderFor({ kind: "sse", url: inject("fixtures").legacySse, headers: {} });
  const lease = await leaseOf(order);
  // An open stream is work in flight, which an orderly eviction would wait for.
  await abortAllDurableObjects();
  const request = { id: 1, method: "tools/call", params: { name: "echo", arguments: { a: 1 } } };
  expect(textOf(await sendRequest(lease, request, ioFor(order)))).toBe('{"a":1}');
});

test("lists a backend by itself that was down at the start", async () => {
  const backend = quirk("plain");
  await backend.control({ down: true });
  const order = orderFor(http(backend.url));
  const stub = stubOf(order.config.name);
  await stub.configure(order);
  await expect(leaseOf(order)).rejects.toMatchObject({ code: "backend_unavailable" });
  expect(await listedTools(order)).toEqual([]);
  await backend.control({ down: false });
  await eventuallyLists(order, ["call"]);
});

test("notices that the tools changed", async () => {
  const backend = quirk("plain");
  const order = orderFor(http(backend.url));
  await stubOf(order.config.name).configure(order);
  await eventuallyLists(order, ["call"]);
  await backend.control({ tools: ["call", "added"] });
  await eventuallyLists(order, ["call", "added"]);
});

test("keeps the listing while the backend is down, and lists again when it is back", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const stub = stubOf(order.config.name);
  await stub.configure(order);
  await eventuallyLists(order, ["call"]);
  await backend.control({ down: true });
  await runDurableObjectAlarm(stub);
  expect(await listedTools(order)).toEqual(["call"]);
  await backend.control({ down: false, loseSessions: true, tools: ["after"] });
  await eventuallyLists(order, ["after"]);
});

test("hands on how long a busy backend asks to be left alone", async () => {
  const order = orderFor(http(quirk("busy").url));
  const failure = {
    code: "backend_unavailable",
    message: `Cannot connect: backend "${order.config.name}" is not available (HTTP 503)`,
    retryAfter: 30,
  };
  await expect(leaseOf(order)).rejects.toMatchObject(failure);
  await expect(leaseOf(order)).rejects.toMatchObject(failure);
});

test("looks soon when it is told that a call failed", async () => {
  const order = orderFor(http(quirk("plain").url));
  const stub = stubOf(order.config.name);
  await stub.configure(order);
  await eventuallyLists(order, ["call"]);
  await stub.refresh();
  const at = await runInDurableObject(stub, (_object, state) => state.storage.getAlarm());
  expect(at ?? Infinity).toBeLessThanOrEqual(Date.now() + 5_000);
});

test("starts anew when the address or a credential changes, not when the config version does", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const first = await leaseOf(order);
  const same = await leaseOf({ ...order, configVersion: 2 });
  expect(same.sessionId).toBe(first.sessionId);
  const changed = await leaseOf({
    ...order,
    configVersion: 3,
    config: { ...order.config, transport: http(backend.url, { Authorization: "token new" }) },
  });
  expect(changed.sessionId).not.toBe(first.sessionId);
  expect(changed.headers["authorization"]).toBe("token new");
  await expect
    .poll(async () => (await backend.arrived()).map(({ http: method }) => method))
    .toContain("DELETE");
});

test("does not wait for the handshake of an address that was just replaced", async () => {
  const order = orderFor(http(quirk("no-handshake").url));
  const waiting = stubOf(order.config.name).lease(order, { role: "shared" });
  const good = quirk("plain");
  const fixed = {
    ...order,
    configVersion: 2,
    config: { ...order.config, transport: http(good.url) },
  };
  await expect.poll(() => leaseOf(fixed).catch(String)).toMatchObject({ url: good.url });
  void waiting.catch(() => {}); // hangs until its deadline, and nobody cares
});

test("does not follow an order that is older than the one it has", async () => {
  const order = orderFor(http(quirk("plain").url), { configVersion: 5 });
  await leaseOf(order);
  const older = {
    ...order,
    configVersion: 4,
    config: { ...order.config, transport: http("https://example.com/") },
  };
  expect((await leaseOf(older)).url).toBe(
    order.config.transport.kind === "streamable-http" ? order.config.transport.url : "",
  );
});

test("writes no URL, header or session id in clear", async () => {
  const backend = quirk("session");
  const url = `${backend.url}?key=hunter2`;
  const order = orderFor(http(url, { Authorization: "token hunter2:hunter2" }));
  const lease = await leaseOf(order);
  const stored = await storedText(order);
  expect(stored).not.toContain("hunter2");
  expect(stored).not.toContain(lease.sessionId);
  expect(stored).not.toContain(new URL(url).pathname);
});

test("forgets everything when it is removed", async () => {
  const order = orderFor(http(quirk("plain").url));
  const stub = stubOf(order.config.name);
  await stub.configure(order);
  await eventuallyLists(order, ["call"]);
  await stub.remove();
  expect(await stub.listing()).toBeUndefined();
  expect(await storedText(order)).toBe("[[],[],[]]");
  expect(await runDurableObjectAlarm(stub)).toBe(false);
});

test("gives a session back when its user has been away for an hour", async () => {
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const stub = stubOf(`${order.config.name}/user`);
  release(await stub.lease(order, { role: "session" }));
  await runInDurableObject(stub, (_object, state) => {
    const sql = "UPDATE kept SET value = json_set(value, '$.usedAt', 1)";
    state.storage.sql.exec(sql);
  });
  await evictDurableObject(stub);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await expect.poll(async () => (await backend.arrived()).at(-1)?.http).toBe("DELETE");
});

test("keeps the session of a user who does not call but listens", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const object = `${order.config.name}/user`;
  await attend(order, {}, object);
  await runInDurableObject(stubOf(object), (_object, state) => {
    state.storage.sql.exec("UPDATE kept SET value = json_set(value, '$.usedAt', 1)");
  });
  await abortAllDurableObjects(); // an orderly eviction would wait for the open stream
  await attend(order, {}, object);
  expect(await runDurableObjectAlarm(stubOf(object))).toBe(true);
  expect((await backend.arrived()).map(({ http: method }) => method)).not.toContain("DELETE");
});

test("lists a backend larger than one row of storage", async () => {
  const backend = quirk("plain");
  const tools = Array.from({ length: 60 }, (_, index) => `tool_${index}_${"ü".repeat(20_000)}`);
  await backend.control({ tools });
  const order = orderFor(http(backend.url));
  await stubOf(order.config.name).configure(order);
  await eventuallyLists(order, tools);
  await evictDurableObject(stubOf(order.config.name));
  expect(await listedTools(order)).toEqual(tools);
});

test("needs the connector for a server of the local machine", async () => {
  const order = orderFor({ kind: "stdio" });
  await expect(leaseOf(order)).rejects.toMatchObject({
    code: "backend_offline",
    message: `Cannot connect: backend "${order.config.name}" needs the connector, which is not connected`,
  });
});

test("reports to the registry what it found", async () => {
  const { quirky } = inject("fixtures");
  const registry = env.REGISTRY.getByName("registry");
  const url = `${quirky}/malformed/${crypto.randomUUID()}`;
  const text = JSON.stringify({ mcpServers: { reported: { url }, clock: { builtin: "time" } } });
  await registry.putConfig({ text, source: "file" });
  const reportOf = async (name: string): Promise<BackendReport | undefined> => {
    const snapshot = release(await registry.snapshot(-1));
    return snapshot === "unchanged" ? undefined : snapshot.reports[name];
  };
  await expect
    .poll(() => reportOf("reported"), { timeout: 5_000 })
    .toMatchObject({
      state: "ready",
      era: "legacy",
      protocolVersion: "2025-11-25",
      sessionful: false,
      counts: { tools: 2, prompts: 0, resources: 0, resourceTemplates: 0 },
      warnings: expect.arrayContaining(["a tool was left out: it has no name"]),
      listingHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  await expect
    .poll(() => reportOf("clock"))
    .toMatchObject({ state: "ready", counts: { tools: 2 } });
});

test("calls a fresh backend without waiting for its listing", async () => {
  const order = orderFor(http(quirk("plain").url));
  await stubOf(order.config.name).configure(order);
  expect(textOf(await call(order))).toContain("call");
});
