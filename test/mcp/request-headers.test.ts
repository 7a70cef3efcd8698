import { beforeAll, expect, inject, test } from "vitest";
import { awaitReady, configure, modern, readReply, sendAuthorized } from "../support/worker.ts";

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

beforeAll(async () => {
  await configure({ mcpServers: { one: { url: inject("fixtures").legacyJson } } });
  await awaitReady(["one"]);
});

function post(body: object, headers: Record<string, string>) {
  return sendAuthorized("/mcp/one", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, ...body }),
  }).then(readReply);
}

const CALL = { method: "tools/call", params: { name: "echo", arguments: {}, _meta: MODERN_META } };
const HEADERS = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "echo",
};

test("accepts headers that agree with the body, white space and base64 included", async () => {
  for (const name of ["echo", "  echo  ", `=?base64?${btoa("echo")}?=`]) {
    const { status, message } = await post(CALL, { ...HEADERS, "mcp-name": name });
    expect(status).toBe(200);
    expect(message.result).toBeDefined();
  }
});

test.each([
  ["another name", { "mcp-name": "wait" }],
  ["a name of other case", { "mcp-name": "ECHO" }],
  ["malformed base64", { "mcp-name": "=?base64?ZWNob!?=" }],
  ["another method", { "mcp-method": "tools/list" }],
  ["a method of other case", { "mcp-method": "TOOLS/CALL" }],
])("refuses %s in a header with -32020", async (_, change) => {
  const { status, message } = await post(CALL, { ...HEADERS, ...change });
  expect(status).toBe(400);
  expect(message).toMatchObject({ id: 7, error: { code: -32020 } });
});

test.each(["mcp-protocol-version", "mcp-method", "mcp-name"] as const)(
  "refuses a modern request without %s",
  async (missing) => {
    const { [missing]: _, ...rest } = HEADERS;
    const { status, message } = await post(CALL, rest);
    expect(status).toBe(400);
    expect(message).toMatchObject({ error: { code: -32020 } });
  },
);

test("refuses a modern request without its envelope", async () => {
  const { status, message } = await post(
    { method: "tools/list", params: {} },
    {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/list",
    },
  );
  expect(status).toBe(400);
  expect(message).toMatchObject({ error: { code: -32602 } });
  const half = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  const incomplete = await post(
    { method: "tools/list", params: { _meta: half } },
    {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/list",
    },
  );
  expect(incomplete.message).toMatchObject({ error: { code: -32602 } });
});

test("takes a modern body at its word under the legacy version header Claude sends", async () => {
  const { message } = await post(CALL, { "mcp-protocol-version": "2025-11-25" });
  expect(message.result).toMatchObject({ resultType: "complete" });
});

test("takes a legacy conversation for one under the modern version header Claude sends", async () => {
  const { status, message } = await post(
    { method: "tools/call", params: { name: "echo", arguments: {} } },
    { "mcp-protocol-version": "2026-07-28" },
  );
  expect(status).toBe(200);
  expect(message.result).not.toHaveProperty("resultType");
});

test("takes a legacy conversation without any version header", async () => {
  const { status } = await post({ method: "tools/list" }, {});
  expect(status).toBe(200);
});

test("answers an unknown modern method with 404", async () => {
  for (const method of ["nonsense", "ping", "initialize/x", "logging/setLevel"]) {
    const { status, message } = await modern(method, {}, { path: "/mcp/one" });
    expect(status).toBe(404);
    expect(message).toMatchObject({ error: { code: -32601 } });
  }
});

test("refuses an unknown modern revision with the list of known ones", async () => {
  const meta = { ...MODERN_META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
  const { status, message } = await post(
    { method: "tools/list", params: { _meta: meta } },
    { "mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list" },
  );
  expect(status).toBe(400);
  expect(message).toMatchObject({
    error: {
      code: -32022,
      data: { supported: expect.arrayContaining(["2026-07-28"]), requested: "2099-01-01" },
    },
  });
});

test("routes by the body alone", async () => {
  const { message } = await post(CALL, {
    ...HEADERS,
    "mcp-session-id": "abc",
    "x-http-method-override": "DELETE",
    "x-original-url": "/admin",
  });
  expect(message.result).toBeDefined();
});
