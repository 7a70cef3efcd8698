import { expect, test } from "vitest";
import { LeaseLost } from "../../src/backends/lease.ts";
import { sendRequest } from "../../src/backends/send.ts";
import type { RpcNotification } from "../../src/core/json-rpc.ts";
import { call, http, ioFor, leaseOf, orderFor, quirk, textOf } from "../support/backend-calls.ts";

test("leaves the text of an answer as the backend wrote it", async () => {
  const answer = await call(orderFor(http(quirk("big").url)), { id: 7 });
  expect(answer.text).toBe(
    '{ "result" : {"z":1, "a":12345678901234567890, "echo":7, "id":0,"n":1.0},"x-extra":1,"id" : 7, "jsonrpc":"2.0"}',
  );
});

test("puts back only the id of the answer when the backend repeats it in the result", async () => {
  const order = orderFor(http(quirk("big").url));
  const lease = { ...(await leaseOf(order)), sessionId: "pretended" };
  const request = { id: "mine", method: "tools/call", params: { name: "x" } };
  const answer = await sendRequest(lease, request, ioFor(order));
  const wireId = /"echo":("\w+")/.exec(answer.text)?.[1];
  expect(wireId).toMatch(/^"g[0-9a-z]+"$/);
  expect(answer.text).toBe(
    `{ "result" : {"z":1, "a":12345678901234567890, "echo":${wireId}, "id":0,"n":1.0},"x-extra":1,"id" : "mine", "jsonrpc":"2.0"}`,
  );
  expect(answer.message().id).toBe("mine");
});

test("hands on a JSON-RPC error that came inside an HTTP 400", async () => {
  const order = orderFor(http(quirk("frappe").url, { Authorization: "token key:secret" }));
  const answer = await call(order, { params: { name: "bad" } });
  expect(answer.message()).toEqual({
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32602, message: "DocType is required" },
  });
});

test("reads a stream of single bytes, drops what is not for this call and answers the backend", async () => {
  const backend = quirk("stream");
  const notifications: RpcNotification[] = [];
  const work: Promise<unknown>[] = [];
  const answer = await call(
    orderFor(http(backend.url)),
    { params: { name: "x", _meta: { progressToken: "p" } } },
    {
      notify: (notification) => notifications.push(notification),
      waitUntil: (promise) => work.push(promise),
    },
  );
  await Promise.all(work);
  expect(textOf(answer)).toBe("Größe 🎈");
  expect(notifications).toEqual([
    {
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: "p", progress: 1, total: 2 },
    },
  ]);
  const replies = (await backend.arrived()).map(({ message }) => message);
  expect(replies).toContainEqual(
    expect.objectContaining({ id: "ask-1", error: expect.objectContaining({ code: -32601 }) }),
  );
  expect(replies).toContainEqual({ jsonrpc: "2.0", id: "ask-2", result: {} });
});

test("comes back for the rest of a stream that was closed after an event with an id", async () => {
  expect(textOf(await call(orderFor(http(quirk("stream-resumed").url))))).toBe("after e1");
});

test.each(["session", "session-400"])("knows a %s that the backend forgot", async (kind) => {
  const backend = quirk(kind);
  const order = orderFor(http(backend.url));
  const lease = await leaseOf(order);
  await backend.control({ loseSessions: true });
  const request = { id: 1, method: "tools/call", params: { name: "x" } };
  await expect(sendRequest(lease, request, ioFor(order))).rejects.toEqual(new LeaseLost("session"));
});

test("does not cross a thousand answers of one session", { timeout: 30_000 }, async () => {
  const order = orderFor(http(quirk("session").url));
  const lease = await leaseOf(order);
  const send = async (index: number): Promise<unknown> => {
    const params = { name: "x", arguments: { index } };
    const answer = await sendRequest(lease, { id: 1, method: "tools/call", params }, ioFor(order));
    return answer.message();
  };
  for (let start = 0; start < 1_000; start += 100) {
    const indices = Array.from({ length: 100 }, (_, offset) => start + offset);
    const messages = await Promise.all(indices.map(send));
    expect(messages).toEqual(
      indices.map((index) =>
        expect.objectContaining({ id: 1, result: expect.objectContaining({ echoed: { index } }) }),
      ),
    );
  }
});

test("strips the envelope of a modern caller for a legacy backend and keeps the rest", async () => {
  const answer = await call(orderFor(http(quirk("plain").url)), {
    params: {
      name: "x",
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "client", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
        "io.modelcontextprotocol/logLevel": "debug",
        traceparent: "00-1-2-01",
        progressToken: 5,
      },
    },
  });
  expect(JSON.parse(textOf(answer)).params).toEqual({
    name: "x",
    _meta: { traceparent: "00-1-2-01", progressToken: 5 },
  });
});

test("speaks for itself to a modern backend, in headers and envelope", async () => {
  const name = "grüße";
  const answer = await call(orderFor(http(quirk("modern-headers").url)), {
    tool: {
      name,
      inputSchema: {
        type: "object",
        properties: {
          region: { type: "string", "x-mcp-header": "Region" },
          deep: { type: "object", properties: { n: { type: "integer", "x-mcp-header": "N" } } },
          absent: { type: "string", "x-mcp-header": "Absent" },
        },
      },
    },
    params: {
      name,
      arguments: { region: " eu ", deep: { n: 3 } },
      _meta: { traceparent: "00-1-2-01", "io.modelcontextprotocol/clientInfo": { name: "client" } },
    },
  });
  const { headers, params } = JSON.parse(textOf(answer));
  expect(headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "=?base64?Z3LDvMOfZQ==?=",
    "mcp-param-region": "=?base64?IGV1IA==?=",
    "mcp-param-n": "3",
  });
  expect(headers["mcp-param-absent"]).toBeUndefined();
  expect(headers["mcp-session-id"]).toBeUndefined();
  expect(params["_meta"]).toMatchObject({
    traceparent: "00-1-2-01",
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "mcp-edge-gateway" },
    "io.modelcontextprotocol/clientCapabilities": {},
  });
});

test("sends configured headers verbatim, its own over them, and no Origin", async () => {
  const { url, arrived } = quirk("plain");
  const transport = http(url, {
    Authorization: "token key:secret",
    "CF-Access-Client-Id": "x.access",
    "X-From": "${PUBLIC_URL}",
  });
  const { headers } = JSON.parse(textOf(await call(orderFor(transport))));
  expect(headers).toMatchObject({
    authorization: "token key:secret",
    "cf-access-client-id": "x.access",
    "x-from": "https://gateway.test",
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": "2025-11-25",
  });
  expect(headers.origin).toBeUndefined();
  // Enough to find out that a gateway is its own backend; a call carries no more than it must.
  const handshake = (await arrived()).find(({ message }) => message?.method === "initialize");
  expect(handshake?.headers["x-mcp-gateway-hop"]).toMatch(/^[0-9a-f]{16}$/);
  expect(headers["x-mcp-gateway-hop"]).toBeUndefined();
});
