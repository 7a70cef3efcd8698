import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createConnector, type Connector } from "../../src/connector/connector.ts";
import type { BridgeNews } from "../../src/connector/local-bridge.ts";
import type { LocalServer } from "../../src/connector/local-servers.ts";
import { eventually } from "../support/child.ts";
import { startEverything } from "../support/real-servers.ts";
import {
  type DialledIn,
  type GatewayEnd,
  startGatewayEnd,
} from "../support/scripted-gateway-end.ts";

/** Servers of the local network, carried as if they were programs. */

type Asked = Readonly<{ method: string; headers: IncomingMessage["headers"]; body: string }>;

let gateway: GatewayEnd;
let connector: Connector;
let news: BridgeNews[];
let servers: Server[];
beforeEach(async () => {
  gateway = await startGatewayEnd();
  servers = [];
  news = [];
  connector = createConnector({
    url: gateway.url,
    headers: {},
    version: "1",
    tell: (_name, told) => news.push(told),
  });
});
afterEach(async () => {
  await connector.stop();
  await gateway.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function at(url: string, kind: "streamable-http" | "sse" = "streamable-http"): LocalServer {
  return { name: "home", kind: "remote", remote: { kind, url, headers: { "x-own": "kept" } } };
}

/** A server that answers as it is told, and remembers what it was asked. */
async function serve(
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const one = { method: request.method ?? "", headers: request.headers, body };
      asked.push(one);
      answer(one, response);
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`, asked };
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function initialize(connection: DialledIn): Promise<unknown> {
  const clientInfo = { name: "gateway", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const answer = await connection.ask("init", "initialize", params);
  connection.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  return answer;
}

test.each(["streamableHttp", "sse"] as const)(
  "carries a real server over %s, its progress and its own messages",
  async (transport) => {
    const everything = await startEverything(transport);
    const kind = transport === "sse" ? "sse" : "streamable-http";
    try {
      await connector.apply([at(everything.url, kind)]);
      const connection = await gateway.dial(0);
      expect(await initialize(connection)).toMatchObject({ result: { serverInfo: {} } });
      const echo = { name: "echo", arguments: { message: "hä?" } };
      expect(await connection.ask(1, "tools/call", echo)).toMatchObject({
        result: { content: [{ text: "Echo: hä?" }] },
      });
      await connection.ask(2, "tools/call", {
        name: "trigger-long-running-operation",
        arguments: { duration: 1, steps: 2 },
        _meta: { progressToken: "p" },
      });
      await connection.see("message", ({ text }) => text.includes("notifications/progress"));
    } finally {
      await everything.stop();
    }
  },
);

test("says in headers what a modern message says of itself", async () => {
  const inputSchema = {
    type: "object",
    properties: { region: { type: "string", "x-mcp-header": "Region" } },
  };
  const { url, asked } = await serve(({ body }, response) => {
    const { id, method } = JSON.parse(body) as { id: unknown; method: string };
    const tools = method === "tools/list" ? { tools: [{ name: "täglich", inputSchema }] } : {};
    json(response, { jsonrpc: "2.0", id, result: tools });
  });
  await connector.apply([at(url)]);
  const connection = await gateway.dial(0);
  const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  await connection.ask(1, "tools/list", { _meta: meta });
  await connection.ask(2, "tools/call", {
    name: "täglich",
    arguments: { region: "eu" },
    _meta: meta,
  });
  expect(asked.map(({ headers }) => headers["mcp-method"])).toEqual(["tools/list", "tools/call"]);
  expect(asked[1]?.headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-name": "=?base64?dMOkZ2xpY2g=?=",
    "mcp-param-region": "eu",
    "x-own": "kept",
  });
});

test("keeps the session of a legacy server, and gives it back at the end", async () => {
  const { url, asked } = await serve(({ method, body }, response) => {
    if (method !== "POST") return void response.writeHead(405).end();
    const { id } = JSON.parse(body) as { id?: unknown };
    if (id === undefined) return void response.writeHead(202).end();
    response.setHeader("mcp-session-id", "session-1");
    return json(response, { jsonrpc: "2.0", id, result: { protocolVersion: "2025-06-18" } });
  });
  await connector.apply([at(url)]);
  const connection = await gateway.dial(0);
  await initialize(connection);
  await connection.ask(2, "ping");
  await connector.stop();
  expect(asked.at(0)?.headers["mcp-session-id"]).toBeUndefined();
  expect(asked.find(({ body }) => body.includes('"ping"'))?.headers).toMatchObject({
    "mcp-session-id": "session-1",
    "mcp-protocol-version": "2025-06-18",
  });
  expect(asked.at(-1)?.method).toBe("DELETE");
});

test("begins anew when the server has forgotten the session", async () => {
  let isForgetful = false;
  const { url } = await serve(({ body }, response) => {
    if (isForgetful) return void response.writeHead(404).end();
    response.setHeader("mcp-session-id", "session-1");
    const { id } = JSON.parse(body || "{}") as { id?: unknown };
    return json(response, { jsonrpc: "2.0", id, result: {} });
  });
  await connector.apply([at(url)]);
  const connection = await gateway.dial(0);
  const { state: first } = await connection.see("state");
  await connection.ask(1, "ping");
  isForgetful = true;
  connection.send({ jsonrpc: "2.0", id: 2, method: "ping" });
  const { state } = await connection.see("state", (frame) => frame.state.state === "down");
  expect(state).toEqual({ state: "down", reason: "has ended its session" });
  await connection.see("state", (frame) => frame.state.state === "up" && frame.state !== first);
});

test("answers calls that the server refuses, breaks off or cannot be reached for", async () => {
  const { url } = await serve(({ body }, response) => {
    const { method } = JSON.parse(body) as { method: string };
    if (method === "refuse") return void response.writeHead(503).end("a page");
    if (method === "redirect") {
      return void response.writeHead(302, { location: "http://127.0.0.1:9/" }).end();
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    return void response.end(": nothing\n\n");
  });
  await connector.apply([at(url)]);
  const connection = await gateway.dial(0);
  expect(await connection.ask(1, "refuse")).toMatchObject({
    error: { message: "The server answered HTTP 503" },
  });
  expect(await connection.ask(2, "redirect")).toMatchObject({
    error: { message: "The server answered HTTP 302" },
  });
  expect(await connection.ask(3, "break")).toMatchObject({
    error: { message: "The server ended its answer too early" },
  });
  await connector.apply([at("http://127.0.0.1:9/mcp")]);
  const again = await gateway.dial(1);
  again.send({ jsonrpc: "2.0", id: 4, method: "ping" });
  const { state } = await again.see("state", (frame) => frame.state.state === "down");
  expect(state).toMatchObject({ reason: expect.stringContaining("cannot be reached") });
});

test("lets go of a cancelled call, and tells a legacy server of it", async () => {
  const { promise: left, resolve: tellLeft } = Promise.withResolvers<void>();
  const { url, asked } = await serve(({ body }, response) => {
    if (body === "") return void response.writeHead(405).end();
    const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
    if (method === "initialize") {
      return json(response, { jsonrpc: "2.0", id, result: { protocolVersion: "2025-11-25" } });
    }
    if (id === undefined) return void response.writeHead(202).end();
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    return void response.once("close", tellLeft);
  });
  await connector.apply([at(url)]);
  const connection = await gateway.dial(0);
  await initialize(connection);
  connection.send({ jsonrpc: "2.0", id: 5, method: "slow" });
  await eventually("it is asked", async () =>
    expect(asked.some(({ body }) => body.includes('"slow"'))).toBe(true),
  );
  const params = { requestId: 5 };
  connection.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  await left;
  await eventually("it is told", async () =>
    expect(asked.some(({ body }) => body.includes("notifications/cancelled"))).toBe(true),
  );
});

test("sends its headers to no other origin, whatever an event stream names", async () => {
  const other = await serve((_asked, response) => void response.writeHead(202).end());
  const { url } = await serve((_asked, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: endpoint\ndata: ${other.url}\n\n`);
  });
  await connector.apply([at(url, "sse")]);
  const connection = await gateway.dial(0);
  connection.send({ jsonrpc: "2.0", id: 1, method: "ping" });
  await eventually("it is refused", async () =>
    expect(news).toContainEqual(
      expect.objectContaining({ reason: "named a message endpoint on another origin" }),
    ),
  );
  expect(other.asked).toEqual([]);
});
