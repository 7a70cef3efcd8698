import { describe, expect, test } from "vitest";
import { runInDurableObject } from "cloudflare:test";
import { MAX_FRAME } from "../../src/tunnel/tunnel-protocol.ts";
import { stubOf } from "../support/backend-calls.ts";
import { connectServer, echoServer } from "../support/connect-server.ts";
import { dial } from "../support/dial-connector.ts";
import { awaitReady, configure, legacy, sendAuthorized } from "../support/worker.ts";

/** One backend for each test, brought by nobody yet. */
async function backend(entry: object = {}): Promise<string> {
  const name = `n${crypto.randomUUID().slice(0, 8)}`;
  await configure({ mcpServers: { [name]: { connector: true, ...entry } } });
  return name;
}

describe("a hello", () => {
  test("is answered with what the gateway takes", async () => {
    const name = await backend();
    const connector = await dial(name);
    connector.hello();
    expect(await connector.next("welcome")).toEqual({
      kind: "welcome",
      welcome: { maxMessage: 8 * 1_024 * 1_024, maxFrame: MAX_FRAME },
    });
    connector.hangUp();
  });

  test("that names another backend is refused", async () => {
    const connector = await dial(await backend());
    connector.hello({ backend: "another" });
    expect(await connector.closed).toMatchObject({ code: 4002, refusal: { code: "protocol" } });
  });

  test("of a later dial takes the seat, and the earlier one is told why", async () => {
    const name = await backend();
    const first = await connectServer(name, echoServer());
    await awaitReady([name]);
    const second = await connectServer(name, echoServer(), { sequence: 0 });
    expect(await first.closed).toMatchObject({
      code: 4001,
      refusal: { code: "replaced", retry: null, message: expect.stringContaining("newer") },
    });
    await awaitReady([name]);
    const { message } = await legacy(
      "tools/call",
      { name: "echo", arguments: { a: 1 } },
      `/mcp/${name}`,
    );
    expect(JSON.stringify(message.result)).toContain("a");
    second.hangUp();
  });

  test("that arrives late never replaces a newer one of the same connector", async () => {
    const name = await backend();
    const late = await dial(name);
    const newer = await connectServer(name, echoServer(), { sequence: 5 });
    late.hello({ instance: newer.instance, sequence: 4 });
    expect(await late.closed).toMatchObject({ code: 4001, refusal: { code: "replaced" } });
    await awaitReady([name]);
    newer.hangUp();
  });
});

test("takes no hello from a connection that was refused before", async () => {
  const name = await backend();
  const server = await connectServer(name, echoServer());
  await awaitReady([name]);
  const refused = await dial(name);
  // Told to go, it may go on talking for as long as it likes.
  refused.say("words");
  refused.hello();
  expect(await refused.closed).toMatchObject({ code: 4002 });
  await legacy("tools/call", { name: "echo" }, `/mcp/${name}`);
  expect(server.received).toContainEqual(expect.objectContaining({ method: "tools/call" }));
  server.hangUp();
});

describe("closes with a reason what is no frame at its place", () => {
  test.each<readonly [string, string | ArrayBuffer]>([
    ["words", "Server started on port 3000"],
    ["bytes", new ArrayBuffer(8)],
    ["a welcome", 'w{"maxMessage":1,"maxFrame":1}'],
    ["a refusal", 'x{"code":"x","message":"x","retry":null}'],
    ["a piece in the middle", "c1,3,0,{"],
    ["a state nobody knows", 's{"state":"sideways"}'],
    ["a frame over the limit", `{${" ".repeat(MAX_FRAME + 64)}}`],
  ])("%s", async (_, frame) => {
    const name = await backend();
    const connector = await connectServer(name, echoServer());
    connector.say(frame);
    expect(await connector.closed).toMatchObject({ code: 4002, refusal: { code: "protocol" } });
  });

  test.each<readonly [string, string]>([
    ["a message", '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ["a state", 's{"state":"up","run":"12345678"}'],
    ["words", "hello"],
  ])("%s before the hello", async (_, frame) => {
    const connector = await dial(await backend());
    connector.say(frame);
    expect(await connector.closed).toMatchObject({ code: 4002, refusal: { code: "protocol" } });
  });

  test("a second hello", async () => {
    const connector = await connectServer(await backend(), echoServer());
    connector.hello({ sequence: 9 });
    expect(await connector.closed).toMatchObject({ code: 4002 });
  });

  test("a message too long in pieces", async () => {
    const connector = await connectServer(await backend(), echoServer());
    const piece = "x".repeat(MAX_FRAME);
    for (let index = 0; index < 18; index += 1) connector.say(`c1,${index},0,${piece}`);
    expect(await connector.closed).toMatchObject({ code: 4002 });
  });
});

test("what a program prints that only looks like a message does no harm", async () => {
  const name = await backend();
  const connector = await connectServer(name, echoServer());
  connector.say("{debug: true}");
  connector.say("[1, 2, 3]");
  await awaitReady([name]);
  connector.hangUp();
});

test("answers pings without the object", async () => {
  const connector = await dial(await backend());
  connector.say({ kind: "ping" });
  expect(await connector.next("pong")).toEqual({ kind: "pong" });
  connector.hangUp();
});

test("keeps far less at the socket than the platform takes", async () => {
  const name = await backend();
  const connector = await dial(name);
  connector.hello({ version: "v".repeat(64), command: "c".repeat(200) });
  await connector.next("welcome");
  connector.up("r".repeat(64));
  const sizes = await runInDurableObject(stubOf(name), (_object, state) =>
    state.getWebSockets().map((socket) => JSON.stringify(socket.deserializeAttachment()).length),
  );
  expect(Math.max(...sizes)).toBeLessThan(1_024);
  expect(sizes).toHaveLength(1);
  connector.hangUp();
});

test("says in the status who brings a backend, since when, and that its session is everybody's", async () => {
  const name = await backend();
  const before = Date.now();
  const connector = await connectServer(name, echoServer());
  await awaitReady([name]);
  const { backends } = await (
    await sendAuthorized("/status")
  ).json<{ backends: { name: string; connector: { connectedSince: string } }[] }>();
  const entry = backends.find((one) => one.name === name);
  expect(entry).toMatchObject({
    transport: "stdio",
    state: "ready",
    session: "shared",
    server: { name: "local", version: "1.0" },
    connector: { instance: connector.instance, command: "scripted", version: null },
  });
  expect(Date.parse(entry?.connector.connectedSince ?? "")).toBeGreaterThanOrEqual(before - 1_000);
  connector.hangUp();
});
