import { expect, test } from "vitest";
import { legacy, readReply, send, sendAuthorized, type Init } from "../support/worker.ts";

const JSON_TYPE = { "content-type": "application/json" };

function post(body: string, init: Init = {}) {
  return sendAuthorized("/mcp", {
    method: "POST",
    body,
    ...init,
    headers: { ...JSON_TYPE, ...init.headers },
  }).then(readReply);
}

test("names the id it could read in an invalid request", async () => {
  const { message } = await post('{"jsonrpc":"2.0","id":"abc","method":7}');
  expect(message["id"]).toBe("abc");
});

test("answers every message of a batch and each alone", async () => {
  const response = await sendAuthorized("/mcp", {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify([
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "nobody_there" } },
      { jsonrpc: "2.0", id: 3, method: 4 },
    ]),
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject([
    { id: 1, result: {} },
    { id: 2, error: { code: -32602 } },
    { id: 3, error: { code: -32600 } },
  ]);
});

test("accepts notifications and stray responses with 202 and no body", async () => {
  for (const body of [
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":9,"result":{}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"never-sent"}}',
  ]) {
    const response = await sendAuthorized("/mcp", { method: "POST", headers: JSON_TYPE, body });
    expect(response.status).toBe(202);
    expect(await response.text()).toBe("");
  }
});

test("accepts a charset beside the content type", async () => {
  const { status } = await post('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
  expect(status).toBe(200);
});

test.each(["application/json", "*/*", ""])("answers JSON to Accept: %s", async (accept) => {
  const { status, headers } = await post('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
    headers: { accept },
  });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/json");
});

test("refuses a body over 4 MiB, declared or chunked", async () => {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "ping",
    params: { x: "y".repeat(4 * 1024 * 1024) },
  });
  expect((await post(body)).status).toBe(413);
  const bytes = new TextEncoder().encode(body);
  const chunked = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 65_536)
        controller.enqueue(bytes.subarray(at, at + 65_536));
      controller.close();
    },
  });
  const response = await sendAuthorized("/mcp", {
    method: "POST",
    headers: JSON_TYPE,
    body: chunked,
  });
  expect(response.status).toBe(413);
});

test("negotiates the version of initialize", async () => {
  const init = (protocolVersion: string) =>
    legacy("initialize", {
      protocolVersion,
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    });
  for (const version of ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]) {
    expect((await init(version)).message.result).toMatchObject({ protocolVersion: version });
  }
  expect((await init("2099-01-01")).message.result).toMatchObject({
    protocolVersion: "2025-11-25",
  });
  expect((await init("2026-07-28")).message.result).toMatchObject({
    protocolVersion: "2025-11-25",
  });
});

test("wants clientInfo in initialize", async () => {
  const { message } = await legacy("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
  });
  expect(message).toMatchObject({ error: { code: -32602 } });
});

test.each(["PUT", "PATCH"])("answers %s with 405", async (method) => {
  const response = await sendAuthorized("/mcp", { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST, GET, DELETE, HEAD, OPTIONS");
});

test.each(["GET", "DELETE"])("answers a modern %s with 405", async (method) => {
  const headers = { "mcp-protocol-version": "2026-07-28", accept: "text/event-stream" };
  expect((await sendAuthorized("/mcp", { method, headers })).status).toBe(405);
});

test("answers HEAD with 200 to who may come in", async () => {
  expect((await sendAuthorized("/mcp", { method: "HEAD" })).status).toBe(200);
});

test.each(["https://evil.example", "null", "garbage", "https://claude.ai.evil.example"])(
  "refuses the browser origin %s",
  async (origin) => {
    expect((await sendAuthorized("/mcp", { method: "HEAD", headers: { origin } })).status).toBe(
      403,
    );
  },
);

test.each(["https://claude.ai", "https://gateway.test", "http://localhost:6274"])(
  "welcomes the browser origin %s with CORS headers",
  async (origin) => {
    const response = await sendAuthorized("/mcp", { method: "HEAD", headers: { origin } });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  },
);

test("does not know a made-up cursor", async () => {
  const { message } = await legacy("tools/list", { cursor: "abc" });
  expect(message).toMatchObject({ error: { code: -32602 } });
});

test.each([
  "/mcp/",
  "/mcp/../mcp",
  "/mcp/%2e%2e/admin",
  "/mcp/time/extra",
  "/mcp/Time",
  "/mcp//time",
  "/mcp/time;x",
])("does not serve MCP at %s", async (path) => {
  const response = await sendAuthorized(path, {
    method: "POST",
    headers: JSON_TYPE,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_current_time","arguments":{"timezone":"UTC"}}}',
  });
  expect(await response.text()).not.toContain("datetime");
});

test("tells people why their credential is refused, and a stranger nothing", async () => {
  const authorization = "Bearer wrong";
  const refused = await post('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
    headers: { authorization },
  });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
  expect(refused.message).toMatchObject({ id: null, error: { message: expect.any(String) } });
  const stranger = await send("/mcp", { method: "POST", headers: JSON_TYPE, body: "{}" });
  expect(stranger.status).toBe(401);
  expect(await stranger.text()).toBe("");
});
