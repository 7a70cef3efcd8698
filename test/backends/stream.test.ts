import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { sendRequest } from "../../src/backends/send.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import { call, ioFor, leaseOf, orderFor, quirk, stubOf, textOf } from "../support/backend-calls.ts";

/** Backends on HTTP+SSE, whose stream belongs to their object. */

function streamOrder(timeoutMs = 5_000): {
  order: BackendOrder;
  backend: ReturnType<typeof quirk>;
} {
  const backend = quirk("sse-stream");
  const transport = {
    kind: "sse",
    url: backend.url,
    headers: { Authorization: "token a" },
  } as const;
  return { order: orderFor(transport, { timeoutMs }), backend };
}

test("calls over the stream, with the credential on every request", async () => {
  const { order, backend } = streamOrder();
  expect(textOf(await call(order, { params: { name: "hello" } }))).toBe("hello");
  const arrived = await backend.arrived();
  expect(arrived.map(({ headers }) => headers["authorization"])).toEqual(
    arrived.map(() => "token a"),
  );
  expect(await leaseOf(order)).toMatchObject({ lane: "object", protocolVersion: "2024-11-05" });
});

test("says so when the stream breaks during a call, and opens it again for the next", async () => {
  const { order } = streamOrder();
  await leaseOf(order);
  await expect(call(order, { params: { name: "cut" } })).rejects.toMatchObject({
    code: "backend_failed",
    message: `Cannot call tool "cut": backend "${order.config.name}" broke off its answer`,
  });
  expect(textOf(await call(order, { params: { name: "after" } }))).toBe("after");
});

test("says so when the stream cannot be opened again", async () => {
  const { order, backend } = streamOrder();
  const lease = await leaseOf(order);
  await backend.control({ down: true });
  await expect(call(order, { params: { name: "cut" } })).rejects.toThrow();
  const request = { id: 1, method: "tools/call", params: { name: "after" } };
  await expect(sendRequest(lease, request, ioFor(order))).rejects.toMatchObject({
    code: "backend_offline",
    message: expect.stringContaining("is not connected"),
  });
});

test("ends only its own call when the backend says nothing", async () => {
  const { order } = streamOrder(300);
  const quiet = call(order, { params: { name: "quiet" } });
  const other = call(order, { params: { name: "other" } });
  await expect(quiet).rejects.toMatchObject({ code: "backend_timeout" });
  expect(textOf(await other)).toBe("other");
});

test("plans to look again when the stream breaks while nobody calls", async () => {
  const { order } = streamOrder();
  const stub = stubOf(order.config.name);
  await stub.configure(order);
  await expect.poll(() => stub.listing()).toBeDefined();
  await expect(call(order, { params: { name: "cut" } })).rejects.toMatchObject({
    code: "backend_failed",
  });
  const at = await runInDurableObject(stub, (_object, state) => state.storage.getAlarm());
  expect(at ?? Infinity).toBeLessThanOrEqual(Date.now() + 1_500);
});

test("answers a ping in the middle of several calls, and gives none of them what is not its own", async () => {
  const { order, backend } = streamOrder(1_000);
  const heard: unknown[] = [];
  const notify = (notification: unknown): void => void heard.push(notification);
  const quiet = ["quiet", "quiet"].map((name) => call(order, { params: { name } }, { notify }));
  const messages = [
    { jsonrpc: "2.0", id: "p", method: "ping" },
    { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "secret" } },
  ];
  await call(order, { params: { name: "say", arguments: { messages } } }, { notify });
  await expect
    .poll(async () => (await backend.arrived()).map(({ message }) => message))
    .toContainEqual({ jsonrpc: "2.0", id: "p", result: {} });
  expect(heard).toEqual([]);
  await Promise.allSettled(quiet);
});

test("gives what it says during a list to nobody who calls", async () => {
  const { order } = streamOrder();
  const lease = await leaseOf(order);
  const heard: unknown[] = [];
  const messages = [{ jsonrpc: "2.0", method: "notifications/message", params: { data: "x" } }];
  const request = { id: 1, method: "tools/list", params: { arguments: { messages } } };
  const notify = (notification: unknown): void => void heard.push(notification);
  await sendRequest(lease, request, ioFor(order, { notify }));
  expect(heard).toEqual([]);
});
