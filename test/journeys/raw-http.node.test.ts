import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** Bytes that no HTTP client would send, at the address the gateway really listens on. */

let gateway: StartedGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(async () => void (await gateway?.stop()));

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: "smuggled",
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "x", version: "1" },
  },
});

/** However hostile what came before was, the next person is served. */
afterEach(async () => {
  const response = await fetch(`${gateway.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body: PING,
  });
  expect(await response.json()).toMatchObject({ id: 1, result: {} });
});

function open(): Socket {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {}); // a connection that is reset is an answer too
  return socket;
}

/** Everything that comes back until the other side hangs up, or nothing more comes for a while. */
async function send(bytes: string, quietMs = 1_000): Promise<string> {
  const socket = open();
  await once(socket, "connect");
  let text = "";
  const over = new Promise<void>((resolve) => {
    socket.setTimeout(quietMs, resolve);
    socket.on("close", () => resolve());
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  });
  socket.write(bytes);
  await over;
  socket.destroy();
  return text;
}

/** Of all answers in what came back. */
function statuses(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}

function head(more: readonly string[], path = "/mcp", host = new URL(gateway.url).host): string {
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${gateway.apiKey}`,
    "Content-Type: application/json",
    ...more,
  ].join("\r\n");
}

const LENGTH = `Content-Length: ${PING.length}`;
const CLOSE = "Connection: close";

test("a well-formed request is answered here as anywhere", async () => {
  const text = await send(`${head([LENGTH])}\r\n\r\n${PING}`);
  expect(statuses(text)).toEqual([200]);
  expect(text).toContain('"result":{}');
});

test.each([
  ["two lengths that differ", [LENGTH, "Content-Length: 4"]],
  ["a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"]],
  ["chunks named twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]],
  ["chunks in disguise", ["Transfer-Encoding: xchunked", "Content-Length: 4"]],
  ["a length that is no number", ["Content-Length: +4"]],
])("%s do not make one request into two", async (_, lines) => {
  const hidden = `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: ${INITIALIZE.length}\r\nAuthorization: Bearer ${gateway.apiKey}\r\nContent-Type: application/json\r\n\r\n${INITIALIZE}`;
  const text = await send(`${head(lines)}\r\n\r\n0\r\n\r\n${hidden}`);
  expect(text).not.toContain("smuggled");
  expect(text.toLowerCase()).not.toContain("mcp-session-id");
  expect(statuses(text).filter((status) => status < 400)).toEqual([]);
});

test.each([
  ["a header that goes on in the next line", ["X-Folded: one", "  two"]],
  ["a space before the colon", ["X-Spaced : one"]],
  ["a header without a name", [": nothing"]],
  ["a NUL in a header", ["X-Nul: a\u0000b"]],
])("%s is refused, or read as one request", async (_, lines) => {
  const text = await send(`${head([...lines, LENGTH])}\r\n\r\n${PING}`);
  expect(statuses(text).length).toBeLessThanOrEqual(1);
});

test("lines that end in a bare LF are refused, or read as one request", async () => {
  const text = await send(`${head([LENGTH])}\r\n\r\n${PING}`.replaceAll("\r\n", "\n"));
  expect(statuses(text).length).toBeLessThanOrEqual(1);
});

test("a URL of 200 KB is refused", async () => {
  const text = await send(`${head([LENGTH], `/mcp?x=${"x".repeat(200_000)}`)}\r\n\r\n${PING}`);
  expect(statuses(text).every((status) => status >= 400 && status < 500)).toBe(true);
});

test.each([
  ["X-Large", 200],
  ["Authorization", 401],
  ["Mcp-Session-Id", 404],
  ["Mcp-Protocol-Version", 400],
])("a header %s of 200 KB is read for what it is: %i", async (name, wanted) => {
  const lines = [`${name}: ${"x".repeat(200_000)}`, LENGTH, CLOSE];
  const request = `${head(lines)}\r\n\r\n${PING}`;
  const own =
    name === "Authorization" ? request.replace(/Authorization: Bearer .*\r\n/, "") : request;
  expect(statuses(await send(own))).toEqual([wanted]);
});

test("a thousand headers are refused or read", async () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `X-H${index}: 1`);
  const [status] = statuses(await send(`${head([...lines, LENGTH, CLOSE])}\r\n\r\n${PING}`));
  expect(status === undefined || status < 500).toBe(true);
});

test("a host that is not ours is refused", async () => {
  for (const host of ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", ""]) {
    const text = await send(`${head([LENGTH, CLOSE], "/mcp", host)}\r\n\r\n${PING}`);
    expect(text).not.toContain('"result"');
    expect(statuses(text).every((status) => status >= 400)).toBe(true);
  }
});

test("a body that trickles is given up after half a minute", async () => {
  const socket = open();
  await once(socket, "connect");
  const started = Date.now();
  socket.write(`${head(["Content-Length: 1000"])}\r\n\r\n{`);
  const trickle = setInterval(() => socket.write(" "), 1_000);
  try {
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(statuses(answer.toString())).toEqual([400]);
    expect(Date.now() - started).toBeLessThan(33_000);
  } finally {
    clearInterval(trickle);
    socket.destroy();
  }
});
