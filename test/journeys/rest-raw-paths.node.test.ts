import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { startGateway } from "../support/start-gateway.ts";

/** Paths as no HTTP client would send them: clients tidy a path before it leaves. */

const cleanup = new AsyncDisposableStack();
let gateway: Awaited<ReturnType<typeof startGateway>>;
let backends: Awaited<ReturnType<typeof startQuirkyBackends>>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "gateway-paths-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  backends = await startQuirkyBackends();
  cleanup.defer(() => backends.close());
  const config = join(folder, "mcp.json");
  const mcpServers = {
    one: { url: `${backends.url}/plain/one` },
    two: { url: `${backends.url}/plain/two` },
  };
  await writeFile(config, JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
});
afterAll(() => cleanup.disposeAsync());

async function callsAt(backend: string): Promise<number> {
  const log = await fetch(`${backends.url}/log/plain/${backend}`);
  const arrived = (await log.json()) as { message?: { method?: string } }[];
  return arrived.filter(({ message }) => message?.method === "tools/call").length;
}

/** The status of a POST whose path goes out byte for byte. */
async function post(path: string): Promise<number> {
  const { hostname, port, host } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(
    [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${gateway.apiKey}`,
      "Content-Type: application/json",
      "Content-Length: 2",
      "Connection: close",
      "",
      "{}",
    ].join("\r\n"),
    "latin1",
  );
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, "close");
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

test("calls the tool that a plain path names", async () => {
  const before = await callsAt("two");
  expect(await post("/two/call")).toBe(200);
  expect(await post("/two/call/")).toBe(200);
  expect(await post("/t%77o/c%61ll")).toBe(200);
  expect(await callsAt("two")).toBe(before + 3);
});

test.each([
  "/one/../two/call",
  "/one/%2e%2e/two/call",
  "/one/.%2E/two/call",
  "/one/..%2ftwo%2fcall",
  "/one/..%2Ftwo/call",
  "/one/%252e%252e/two/call",
  "/one/..;/two/call",
  "/one;/../two/call",
  "//two/call",
  "/two//call",
  "/./two/./call",
  "/two%2fcall",
  "/two\\call",
  "\\two\\call",
  "/two%5ccall",
  "/one/..\\two\\call",
  "/two;x=1/call",
  "/two/call;x=1",
  "/two/call%00",
  "/two%00/call",
  "/TWO/call",
  "/two/CALL",
  "/two/call%20",
  "/two/call%2f%2e%2e%2fcall",
  "/\xe2\x88\x95two/call",
  "/two\xe2\x88\x95call",
  "/two%e2%88%95call",
  "/%EF%BC%8Ftwo/call",
  "/two/%c1%ac",
  "/gateway/../two/call",
  "/gateway/two_call",
  "/docs/../two/call",
])("reaches no tool by the path %j", async (path) => {
  const before = await callsAt("two");
  const status = await post(path);
  // What is no path at all, the HTTP parser refuses.
  expect(status).toBe(path.startsWith("/") ? 404 : 400);
  expect(await callsAt("two")).toBe(before);
});
