import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { expect, inject, test } from "vitest";
import { release } from "../../src/core/outcome.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { BackendTransport } from "../../src/config/gateway-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { attend, hearing, say } from "../support/attend-backend.ts";
import { call, http, leaseOf, orderFor, quirk, stubOf } from "../support/backend-calls.ts";

const fixtures = { ...inject("fixtures"), ...inject("fixtures").changing };
const WIRES: Record<string, BackendTransport> = {
  "legacy HTTP": http(fixtures.legacySession),
  "legacy HTTP+SSE": { kind: "sse", url: fixtures.legacySse, headers: {} },
  modern: http(fixtures.modern),
};
const TOOLS_CHANGED = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
const updated = (uri: string): JsonObject => ({
  jsonrpc: "2.0",
  method: "notifications/resources/updated",
  params: { uri },
});

async function toolNames(order: BackendOrder): Promise<string[] | undefined> {
  return (await stubOf(order.config.name).listing())?.tools.map(({ name }) => name);
}

/** What arrived at a quirk, by HTTP method or by the method of the message. */
async function arrivedMethods({ arrived }: ReturnType<typeof quirk>): Promise<string[]> {
  return (await arrived()).map(({ http: method, message }) => message?.method ?? method);
}

async function count(backend: ReturnType<typeof quirk>, method: string): Promise<number> {
  return (await arrivedMethods(backend)).filter((one) => one === method).length;
}

/** An open stream is work in flight, which an orderly eviction would wait for. */
async function endsIn(object: string, ms: number): Promise<void> {
  await runInDurableObject(stubOf(object), (_, { storage }) => {
    storage.sql.exec("UPDATE attendances SET ends = ?", Date.now() + ms);
  });
  await abortAllDurableObjects();
}

test.each(Object.entries(WIRES))("lists a backend again when it says so: %s", async (_, wire) => {
  const order = orderFor(wire);
  await stubOf(order.config.name).configure(order);
  await expect.poll(() => toolNames(order)).toBeDefined();
  await attend(order);
  const has = async () => (await toolNames(order))?.includes("test_extra_tool");
  const before = await has();
  await call(order, { params: { name: "test_trigger_tool_change", arguments: {} } });
  await expect.poll(has, { timeout: 3_000 }).toBe(!before);
});

test.each(Object.entries(WIRES))("tells of a resource who watches it: %s", async (_, wire) => {
  const order = orderFor(wire);
  const heard = await hearing(order.config.name);
  const uri = "test://watched-resource";
  await attend(order, { listener: "ann", uris: [uri] });
  await attend(order, { listener: "ben", uris: ["test://static-text"] });
  await call(order, { params: { name: "test_update_resource", arguments: { uri } } });
  await expect.poll(() => heard.length, { timeout: 3_000 }).toBeGreaterThan(0);
  expect(heard).toEqual([{ listener: "ann", object: order.config.name, message: updated(uri) }]);
});

test("tells who watches a resource of changes in a part of it", async () => {
  const order = orderFor(http(quirk("spoken").url));
  const heard = await hearing(order.config.name);
  await attend(order, { uris: ["file:///notes"] });
  await say(order, updated("file:///notesbook"), updated("file:///notes/1"));
  await expect
    .poll(() => heard.map(({ message }) => message))
    .toEqual([updated("file:///notes/1")]);
});

test("lists once or twice for a storm of changes", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order);
  await expect.poll(() => toolNames(order)).toEqual(["call"]);
  const before = await count(backend, "tools/list");
  await backend.control({ tools: ["changed"] });
  await say(order, ...Array.from({ length: 1_000 }, () => TOOLS_CHANGED));
  await expect.poll(() => toolNames(order), { timeout: 3_000 }).toEqual(["changed"]);
  expect((await count(backend, "tools/list")) - before).toBeLessThanOrEqual(2);
});

test("subscribes for all who attend, once for each resource", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order, { listener: "ann", uris: ["a:1", "a:2"] });
  await attend(order, { listener: "ben", uris: ["a:2", "a:3"] });
  await stubOf(order.config.name).leave("ann");
  await expect.poll(() => count(backend, "resources/unsubscribe")).toBe(1);
  const told = (await backend.arrived()).flatMap(({ message }) =>
    typeof message?.params?.["uri"] === "string"
      ? [`${message.method} ${message.params["uri"]}`]
      : [],
  );
  expect(told.toSorted()).toEqual([
    "resources/subscribe a:1",
    "resources/subscribe a:2",
    "resources/subscribe a:3",
    "resources/unsubscribe a:1",
  ]);
});

test("subscribes again in a new session", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order, { uris: ["a:1"] });
  const { revision } = await leaseOf(order);
  await backend.control({ loseSessions: true });
  release(await stubOf(order.config.name).lease(order, { role: "shared", lost: revision }));
  await expect.poll(() => count(backend, "resources/subscribe")).toBe(2);
});

test("goes on listening after an eviction", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order, { uris: ["a:1"] });
  await abortAllDurableObjects(); // an orderly eviction would wait for the open stream
  const heard = await hearing(order.config.name); // the first thing that wakes the object
  await expect.poll(() => count(backend, "GET")).toBe(2);
  // While it was away a:1 may have changed.
  await expect.poll(() => heard.map(({ message }) => message)).toEqual([updated("a:1")]);
  await say(order, updated("a:1"));
  await expect.poll(() => heard.length).toBe(2);
});

test("opens its stream again when the backend ends it", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order);
  await call(order, { params: { name: "hang-up" } });
  await expect.poll(() => count(backend, "GET"), { timeout: 5_000 }).toBe(2);
  expect(await count(backend, "initialize")).toBe(1);
});

test("asks a backend for its stream before `initialized`, and once more after it", async () => {
  const backend = quirk("mute");
  const order = orderFor(http(backend.url));
  await attend(order);
  await attend(order);
  await attend(order, { listener: "ben" });
  expect(await count(backend, "GET")).toBe(2);
  expect(await count(backend, "initialize")).toBe(1);
});

test("closes its stream when the last attendance has ended", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order);
  await endsIn(order.config.name, 1_000);
  await leaseOf(order); // wakes the object
  await expect.poll(() => count(backend, "GET")).toBe(2);
  await expect.poll(() => count(backend, "CLOSED"), { timeout: 5_000 }).toBe(2);
});

test("opens nothing for an attendance that ended while the object was away", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order);
  await endsIn(order.config.name, -1);
  await leaseOf(order);
  await attend(order, { listener: "ben" });
  expect(await count(backend, "GET")).toBe(2);
});

test("closes its stream when the last one leaves", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order, { listener: "ann" });
  await attend(order, { listener: "ben" });
  await stubOf(order.config.name).leave("ann");
  await say(order, TOOLS_CHANGED);
  expect(await count(backend, "CLOSED")).toBe(0);
  await stubOf(order.config.name).leave("ben");
  await expect.poll(() => count(backend, "CLOSED")).toBe(1);
});

test("brings a question to the newest client of a session, and back what it answers", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const object = `${order.config.name}/user/client`;
  const roots = { roots: [{ uri: "file:///home" }] };
  const heard = await hearing(object, ({ id }) => ({
    jsonrpc: "2.0",
    id: id ?? null,
    result: roots,
  }));
  const capabilities = { roots: {} };
  await attend(order, { listener: "ann", messages: true, capabilities }, object);
  await attend(order, { listener: "ben", messages: true, capabilities }, object);
  await leaseOf(order);
  await say(order, { jsonrpc: "2.0", id: "q1", method: "roots/list" });
  await expect
    .poll(async () => (await backend.arrived()).map(({ message }) => message))
    .toContainEqual({ jsonrpc: "2.0", id: "q1", result: roots });
  expect(heard.map(({ listener }) => listener)).toEqual(["ben"]);
});

test("answers a ping, and refuses what nobody here can be asked", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await attend(order, { messages: true });
  await say(
    order,
    { jsonrpc: "2.0", id: "p", method: "ping" },
    { jsonrpc: "2.0", id: "e", method: "elicitation/create", params: {} },
  );
  const messages = async () => (await backend.arrived()).map(({ message }) => message);
  await expect.poll(messages).toContainEqual({ jsonrpc: "2.0", id: "p", result: {} });
  await expect
    .poll(messages)
    .toContainEqual(
      expect.objectContaining({ id: "e", error: expect.objectContaining({ code: -32_601 }) }),
    );
});

test("gives back the session of a client that has gone", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const object = `${order.config.name}/user/client`;
  await attend(order, {}, object);
  await stubOf(object).release();
  expect(await count(backend, "DELETE")).toBe(1);
  await leaseOf(order);
  await stubOf(order.config.name).release();
  expect(await count(backend, "DELETE")).toBe(1);
});

test("hears what a backend asks as soon as its session begins", async () => {
  const order = orderFor(http(fixtures.legacySession));
  const object = `${order.config.name}/user/client`;
  const heard = await hearing(object);
  await attend(order, { messages: true, capabilities: { roots: {} } }, object);
  await expect.poll(() => heard.map(({ message }) => message["method"])).toEqual(["roots/list"]);
});

test("says that everything watched may have changed when a session was lost", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const heard = await hearing(order.config.name);
  await attend(order, { uris: ["a:1"] });
  expect(heard).toEqual([]);
  await backend.control({ loseSessions: true, tools: ["after"] });
  const { revision } = await leaseOf(order);
  release(await stubOf(order.config.name).lease(order, { role: "shared", lost: revision }));
  await expect.poll(() => heard.map(({ message }) => message)).toEqual([updated("a:1")]);
  await expect.poll(() => toolNames(order), { timeout: 3_000 }).toEqual(["after"]);
});

test("hears what a backend says the moment it is told `initialized`", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const object = `${order.config.name}/user/client`;
  await backend.control({ greetings: [{ jsonrpc: "2.0", id: "q", method: "roots/list" }] });
  const heard = await hearing(object);
  await attend(order, { messages: true, capabilities: { roots: {} } }, object);
  await expect.poll(() => heard.map(({ message }) => message["method"])).toEqual(["roots/list"]);
});

test("does not connect over and over to a backend that ends its stream at once", async () => {
  const backend = quirk("sse-brief");
  const order = orderFor({ kind: "sse", url: backend.url, headers: {} });
  await attend(order);
  await attend(order, { listener: "ben" });
  await attend(order, { listener: "cid", uris: ["a:1"] });
  expect(await count(backend, "initialize")).toBeLessThan(3);
});

test("lists a backend again when it says so in one user's session", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  await stubOf(order.config.name).configure(order);
  await expect.poll(() => toolNames(order)).toEqual(["call"]);
  const object = `${order.config.name}/user`;
  await attend(order, {}, object);
  await backend.control({ tools: ["changed"] });
  // The stream of the session is the newest, and the only one.
  await say(order, TOOLS_CHANGED);
  await expect.poll(() => toolNames(order), { timeout: 2_000 }).toEqual(["changed"]);
});

test("lists a backend again, and tells who watches, when a call's stream says so", async () => {
  const backend = quirk("spoken");
  const order = orderFor(http(backend.url));
  const heard = await hearing(order.config.name);
  await attend(order, { listener: "ann", uris: ["a:1"] });
  await attend(order, { listener: "ben", uris: ["a:2"] });
  await expect.poll(() => toolNames(order)).toEqual(["call"]);
  await backend.control({ tools: ["changed"] });
  const notified: unknown[] = [];
  const reports: unknown[] = [];
  const messages = [
    TOOLS_CHANGED,
    updated("a:1"),
    ...Array.from({ length: 500 }, () => TOOLS_CHANGED),
  ];
  await call(
    order,
    { params: { name: "mention", arguments: { messages } } },
    {
      notify: (notification) => void notified.push(notification),
      onChanges: (notices) => {
        reports.push(notices);
        void stubOf(order.config.name).changed(notices);
      },
    },
  );
  await expect.poll(() => toolNames(order), { timeout: 3_000 }).toEqual(["changed"]);
  await expect
    .poll(() => heard.map(({ listener, message }) => [listener, message]))
    .toEqual([["ann", updated("a:1")]]);
  expect(notified).toEqual([]);
  expect(reports).toEqual([[TOOLS_CHANGED], [updated("a:1"), TOOLS_CHANGED]]);
});
