import { beforeAll, describe, expect, inject, test } from "vitest";
import { gatewayHopId } from "../../src/core/hop.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { quirk } from "../support/backend-calls.ts";
import { scripted } from "../support/scripted-backend.ts";
import {
  awaitReady,
  configure,
  type Init,
  sendAsOwner,
  sendAuthorized,
} from "../support/worker.ts";

const CODES = [-32700, -32600, -32601, -32602, -32603, -32000, 7];

let servers: JsonObject;

beforeAll(async () => {
  const { legacyJson, legacySession, legacySse, modern } = inject("fixtures");
  const { url } = await scripted(SCRIPT);
  const numbers = quirk("status");
  await numbers.control({ tools: ["401", "403", "429", "500", "503"] });
  servers = {
    json: { url: legacyJson },
    session: { url: legacySession },
    sse: { type: "sse", url: legacySse },
    modern: { url: modern },
    scripted: { url },
    numbers: { url: numbers.url },
    hung: { url: quirk("hang").url, timeout: 1 },
    gone: { url: "http://127.0.0.1:9/mcp" },
    local: { command: "a-server" },
  };
  await configure({ mcpServers: servers });
  await awaitReady(["json", "session", "sse", "modern", "scripted", "numbers", "hung"]);
}, 30_000);

const rpcError = (error: JsonObject): JsonObject => ({
  text: `{"jsonrpc":"2.0","id":$ID,"error":${JSON.stringify(error)}}`,
});

const SCRIPT: Record<string, JsonObject> = {
  "tools/list": {
    tools: [
      ...CODES.map((code) => `code_${code}`),
      "two_texts",
      "picture",
      "structured",
      "url_script",
      "url_broken",
    ].map((name) => ({ name, inputSchema: { type: "object" } })),
  },
  ...Object.fromEntries(
    CODES.map((code) => [
      `tools/call code_${code}`,
      rpcError({ code, message: "in its own words", data: { why: code } }),
    ]),
  ),
  "tools/call two_texts": {
    content: [
      { type: "text", text: "Doc not found: INV-1" },
      { type: "image", data: "AAAA", mimeType: "image/png" },
      { type: "text", text: "Try list_docs" },
    ],
    isError: true,
  },
  "tools/call picture": {
    content: [{ type: "image", data: "AAAA", mimeType: "image/png" }],
    isError: true,
  },
  "tools/call structured": { content: [], structuredContent: { code: 17 }, isError: true },
  "tools/call url_script": rpcError({
    code: -32042,
    message: "x",
    data: { elicitations: [{ mode: "url", url: "javascript:alert(1)" }] },
  }),
  "tools/call url_broken": rpcError({
    code: -32042,
    message: "x",
    data: { elicitations: [{ mode: "url", url: "https://[" }] },
  }),
};

type Failure = { status: number; headers: Headers; detail: JsonObject };

async function call(path: string, body: object = {}, init: Init = {}): Promise<Failure> {
  const response = await sendAuthorized(path, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
  const { status, headers } = response;
  const { detail } = (await response.json()) as { detail: JsonObject };
  return { status, headers, detail };
}

test("gives the error of a tool with all it says, and who said it", async () => {
  const { status, headers, detail } = await call("/scripted/two_texts");
  expect(status).toBe(500);
  expect(detail).toEqual({
    message: "Doc not found: INV-1\nTry list_docs",
    code: "tool_error",
    server: "scripted",
    tool: "two_texts",
    request_id: headers.get("x-request-id"),
  });
});

test("gives the error of a tool that has no words", async () => {
  expect((await call("/scripted/picture")).detail).toMatchObject({
    message: "The tool failed and says no more",
    code: "tool_error",
  });
  expect((await call("/scripted/structured")).detail).toMatchObject({ data: { code: 17 } });
});

test("gives mcpo's users the message alone", async () => {
  const { status, detail } = await call("/scripted/two_texts?compat=mcpo");
  expect([status, detail]).toEqual([500, { message: "Doc not found: INV-1\nTry list_docs" }]);
});

test.each([
  [-32700, 400],
  [-32600, 400],
  [-32601, 404],
  [-32602, 422],
  [-32603, 500],
  [-32000, 500],
  [7, 500],
])("gives the JSON-RPC error %i as mcpo does, with HTTP %i", async (code, status) => {
  const failure = await call(`/scripted/code_${code}`);
  expect(failure.status).toBe(status);
  expect(failure.detail).toMatchObject({
    message: "in its own words",
    code: "backend_error",
    server: "scripted",
    tool: `code_${code}`,
    data: { why: code },
  });
  expect((await call(`/scripted/code_${code}?compat=mcpo`)).detail).toEqual({
    message: "in its own words",
    data: { why: code },
  });
});

test.each(["session", "sse", "modern"])(
  "says that a tool of %s asks something, and who could answer",
  async (backend) => {
    for (const tool of ["test_elicitation", "test_sampling", "test_list_roots"]) {
      const { status, detail } = await call(`/${backend}/${tool}`, { message: "x", prompt: "x" });
      expect([status, detail["code"]]).toEqual([424, "input_required"]);
      expect(detail["message"]).toMatch(/an MCP client can answer|MCP clients can/);
    }
  },
);

test.each(["json", "session", "sse", "modern"])(
  "names the page that has to be visited before a tool of %s works",
  async (backend) => {
    const { status, detail } = await call(`/${backend}/test_url_required`, { id: backend });
    expect([status, detail["code"]]).toEqual([424, "authorization_required"]);
    expect(detail["authorization_url"]).toBe(`https://example.com/allow/${backend}`);
  },
);

test.each([
  ["would run in the browser which opens it", "url_script"],
  ["no browser can open", "url_broken"],
])("names no page that %s", async (_, tool) => {
  const { status, detail } = await call(`/scripted/${tool}`);
  expect([status, detail["code"], detail["authorization_url"]]).toEqual([
    424,
    "input_required",
    undefined,
  ]);
});

test.each([
  ["401", 424, "backend_unauthorized", null],
  ["403", 502, "backend_unavailable", "7"],
  ["429", 502, "backend_unavailable", "7"],
  ["503", 502, "backend_unavailable", "7"],
  ["500", 502, "backend_failed", "7"],
])("tells a backend that answers HTTP %s with %i", async (tool, status, code, retryAfter) => {
  const failure = await call(`/numbers/${tool}`);
  expect([failure.status, failure.detail["code"]]).toEqual([status, code]);
  expect(failure.detail).toMatchObject({ server: "numbers", tool });
  expect(failure.headers.get("retry-after")).toBe(retryAfter);
  expect(JSON.stringify(failure.detail)).not.toContain("secret stack trace");
});

test("tells a backend that is gone in the middle from one that answers late", async () => {
  const late = await call("/hung/call");
  expect([late.status, late.detail["code"]]).toEqual([504, "backend_timeout"]);
  expect(late.detail["message"]).toContain("did not answer within 1 s");
  const leaving = quirk("plain");
  await configure({ mcpServers: { ...servers, leaving: { url: leaving.url } } });
  await awaitReady(["leaving"]);
  await leaving.control({ down: true });
  const gone = await call("/leaving/call");
  expect([gone.status, gone.detail["code"]]).toEqual([502, "backend_unavailable"]);
});

describe.each(["gone", "local"])("a backend that is not connected (%s)", (backend) => {
  test("may have the tool when it is back", async () => {
    const { status, headers, detail } = await call(`/${backend}/anything`);
    expect([status, detail["code"]]).toEqual([503, "backend_offline"]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(detail["message"]).toContain(`"${backend}"`);
  });

  test.each(["", "/docs", "/openapi.json", "/resources", "/prompts", "/prompts/x"])(
    "cannot say what is at %j",
    async (path) => {
      const response = await sendAuthorized(`/${backend}${path}`);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).not.toBeNull();
    },
  );

  test("has no words to put before a chat", async () => {
    expect(await (await sendAuthorized(`/${backend}/system`)).json()).toEqual({ prompt: "" });
  });
});

test("records a call and what came of it, as on every surface", async () => {
  const { headers } = await call("/scripted/two_texts");
  const id = headers.get("x-request-id") ?? "none";
  await expect
    .poll(async () => (await sendAsOwner("/admin/api/audit")).text(), { timeout: 5_000 })
    .toContain(id);
  const { events } = await (await sendAsOwner("/admin/api/audit")).json<{ events: JsonObject[] }>();
  expect(events.find(({ requestId }) => requestId === id)).toMatchObject({
    method: "tools/call",
    backend: "scripted",
    target: "two_texts",
    outcome: "tool_error",
  });
});

test("lets one key have so many calls under way, and says when to come again", async () => {
  const calls = await Promise.all(Array.from({ length: 205 }, () => call("/hung/call")));
  const refused = calls.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(5);
  expect(refused[0]?.detail["code"]).toBe("rate_limited");
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
}, 30_000);

test("stops a request that goes round in circles", async () => {
  const own = await gatewayHopId("encryption-key-of-the-tests-0123456789");
  for (const hops of [own, "a, b, c, d, e"]) {
    const { status } = await call("/json/echo", {}, { headers: { "x-mcp-gateway-hop": hops } });
    expect(status).toBe(508);
  }
  const once = await sendAuthorized("/openapi.json", { headers: { "x-mcp-gateway-hop": "other" } });
  expect(once.status).toBe(200);
});

test("refuses a body that is too large before a backend hears of it", async () => {
  const { status, detail } = await call("/json/echo", { text: "x".repeat(4 * 1024 * 1024) });
  expect([status, detail["code"], detail["tool"]]).toEqual([413, "too_large", "echo"]);
});

test("answers a tool's own error with the status that the owner chose", async () => {
  const gateway = { openapi: { toolErrorStatus: 422, compat: "mcpo" } };
  await configure({ mcpServers: servers, gateway });
  const { status, detail } = await call("/scripted/two_texts");
  expect([status, Object.keys(detail)]).toEqual([422, ["message"]]);
  const whole = await call("/scripted/two_texts?compat=none");
  expect([whole.status, whole.detail["code"]]).toEqual([422, "tool_error"]);
});
