import { describe, expect, test } from "vitest";
import { toUserId } from "../../src/auth/user-id.ts";
import { sendRequest } from "../../src/backends/send.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { RpcNotification } from "../../src/core/json-rpc.ts";
import { call, ioFor, leaseOf, stubOf, textOf } from "../support/backend-calls.ts";
import { connectedBackend, methodsOf } from "../support/connected-backend.ts";
import { type Answers, echoServer } from "../support/connect-server.ts";

const SILENT: Answers = { "tools/call": () => undefined };

function echo(value: unknown) {
  return { params: { name: "echo", arguments: { value } as JsonObject } };
}

describe("a call", () => {
  test.each([100_000, 1_000_000, 3_900_000])(
    "of %i characters goes and comes in as many pieces as it needs",
    async (length) => {
      const { order, connector } = await connectedBackend(echoServer());
      const text = "ü".repeat(length);
      expect(JSON.parse(textOf(await call(order, echo(text))))).toEqual({ value: text });
      connector.hangUp();
    },
  );

  test("that is longer than a connector takes is refused, and the next one is not", async () => {
    const { order, connector } = await connectedBackend(echoServer());
    await expect(call(order, echo("x".repeat(5_000_000)))).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining("takes no request as large as this"),
    });
    expect(textOf(await call(order, echo(1)))).toBe('{"value":1}');
    connector.hangUp();
  });

  test("brings its answer as it was written, numbers beyond a double included", async () => {
    const { order, connector } = await connectedBackend(
      echoServer({
        "tools/call": (_, { id }) => {
          const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
          connector.say(`${head}{"content":[],"structuredContent":{"n":12345678901234567890}}}`);
          return undefined;
        },
      }),
    );
    expect((await call(order)).text).toContain('"n":12345678901234567890');
    connector.hangUp();
  });

  test("is answered once, whatever else is said in its name", async () => {
    const { order, connector } = await connectedBackend(
      echoServer({
        "tools/call": (_, { id }, write) => {
          const reply = (text: string): JsonObject => ({
            jsonrpc: "2.0",
            id,
            result: { content: [{ type: "text", text }] },
          });
          write({ jsonrpc: "2.0", id: "nobody-asked", result: {} });
          write(reply("first"));
          write(reply("second"));
          return undefined;
        },
      }),
    );
    expect(textOf(await call(order))).toBe("first");
    expect(textOf(await call(order))).toBe("first");
    connector.hangUp();
  });

  test("is called off at the local server when its time is up, and when its caller leaves", async () => {
    const { order, connector } = await connectedBackend(echoServer(SILENT), { timeoutMs: 200 });
    await expect(call(order)).rejects.toMatchObject({ code: "backend_timeout" });
    const caller = new AbortController();
    const left = call(order, {}, { signal: caller.signal });
    await expect.poll(() => methodsOf(connector).filter((m) => m === "tools/call")).toHaveLength(2);
    caller.abort();
    await expect(left).rejects.toMatchObject({ code: "cancelled" });
    const calls = connector.received.filter(({ method }) => method === "tools/call");
    const cancelled = (): unknown[] =>
      connector.received
        .filter(({ method }) => method === "notifications/cancelled")
        .map(({ params }) => (params as JsonObject)["requestId"]);
    await expect.poll(cancelled).toEqual(calls.map(({ id }) => id));
    connector.hangUp();
  });

  test("hears the logs of the server while it is alone", async () => {
    const log = { jsonrpc: "2.0", method: "notifications/message", params: { data: "hi" } };
    const { order, connector } = await connectedBackend(
      echoServer({
        "tools/call": (_, __, write) => {
          write(log);
          return { content: [] };
        },
      }),
    );
    const heard: RpcNotification[] = [];
    await call(order, {}, { notify: (notification) => heard.push(notification) });
    expect(heard).toEqual([log]);
    connector.hangUp();
  });
});

const QUESTION = {
  jsonrpc: "2.0",
  id: "q1",
  method: "elicitation/create",
  params: { message: "Who?", requestedSchema: { type: "object", properties: {} } },
};

/** Asks in the middle of a call, and says in its answer what it heard. */
function askingServer() {
  let finish: (heard: unknown) => void = () => {};
  const server = echoServer({
    "tools/call": (_, { id }, write) => {
      finish = (heard) => {
        const content = [{ type: "text", text: JSON.stringify(heard) }];
        write({ jsonrpc: "2.0", id, result: { content } });
      };
      write(QUESTION);
      return undefined;
    },
  });
  return (message: JsonObject, write: (message: JsonObject) => void): void => {
    if (message["id"] === "q1") finish(message["result"] ?? message["error"]);
    else server(message, write);
  };
}

describe("a question of the server", () => {
  const capabilities = { elicitation: { form: {} } };

  test("reaches the one who calls, and its answer the server", async () => {
    const { order, connector } = await connectedBackend(askingServer());
    const answer = await call(
      order,
      { capabilities },
      {
        ask: async ({ method }) => ({ action: "accept", content: { asked: method } }),
      },
    );
    expect(JSON.parse(textOf(answer))).toEqual({
      action: "accept",
      content: { asked: "elicitation/create" },
    });
    const [begun] = connector.received.filter(({ method }) => method === "initialize");
    expect(begun?.["params"]).toMatchObject({ capabilities: { elicitation: {}, sampling: {} } });
    connector.hangUp();
  });

  test("is refused where the one who calls cannot be asked", async () => {
    const { order, connector } = await connectedBackend(askingServer());
    expect(JSON.parse(textOf(await call(order)))).toMatchObject({ code: expect.any(Number) });
    connector.hangUp();
  });

  /** What the newest of two calls at once hears, the older one held. */
  async function askedWhileHeld(holder: string, caller: string): Promise<unknown> {
    const server = askingServer();
    const { order, connector } = await connectedBackend((message, write) => {
      const isHeld = JSON.stringify(message["params"] ?? {}).includes("held");
      if (!isHeld) server(message, write);
    });
    const giveUp = new AbortController();
    const of = (userId: string) => ({ userId: toUserId(userId) });
    const held = call(order, echo("held"), { signal: giveUp.signal, ...of(holder) });
    await expect.poll(() => methodsOf(connector)).toContain("tools/call");
    const ask = async () => ({ action: "accept" });
    const answer = await call(order, { capabilities }, { ask, ...of(caller) });
    giveUp.abort();
    await expect(held).rejects.toMatchObject({ code: "cancelled" });
    connector.hangUp();
    return JSON.parse(textOf(answer));
  }

  test("is put to the newest call while all that are open are one user's", async () => {
    expect(await askedWhileHeld("ann", "ann")).toEqual({ action: "accept" });
  });

  test("is refused while several users call, because nobody knows whose it is", async () => {
    expect(await askedWhileHeld("ann", "ben")).toMatchObject({ code: expect.any(Number) });
  });
});

describe("calls under way", () => {
  const many = (order: Parameters<typeof call>[0]) =>
    Promise.allSettled(Array.from({ length: 10 }, () => call(order)));

  test.each([
    ["the connector leaves", "hang up"],
    ["the local server ends", 's{"state":"down","reason":"ended with exit code 1"}'],
    ["the local server is started anew", 's{"state":"up","run":"another-start"}'],
    ["the connector says what it may not", "nonsense"],
  ])("hear an error, each once and at once, when %s", async (_, event) => {
    const { order, connector } = await connectedBackend(echoServer(SILENT));
    await leaseOf(order);
    const running = many(order);
    await expect
      .poll(() => methodsOf(connector).filter((m) => m === "tools/call"))
      .toHaveLength(10);
    const since = Date.now();
    if (event === "hang up") connector.hangUp();
    else connector.say(event);
    const ends = await running;
    expect(Date.now() - since).toBeLessThan(1_000);
    expect(ends.map((end) => end.status === "rejected" && end.reason.code)).toEqual(
      Array.from({ length: 10 }, () => "backend_failed"),
    );
    connector.hangUp();
  });

  test("end when a newer connector takes the seat, and the old one is heard no more", async () => {
    const { order, connector, again } = await connectedBackend(echoServer(SILENT));
    await leaseOf(order);
    const running = call(order).catch((error: unknown) => error);
    await expect.poll(() => methodsOf(connector)).toContain("tools/call");
    const newer = await again(echoServer());
    expect(await running).toMatchObject({ code: "backend_failed" });
    expect(await connector.closed).toMatchObject({ code: 4001 });
    expect(textOf(await call(order, echo(1)))).toBe('{"value":1}');
    newer.hangUp();
  });

  test("are bounded: a server that takes nothing in is not fed on", async () => {
    const { order, connector } = await connectedBackend(echoServer(SILENT));
    const lease = await leaseOf(order);
    const caller = new AbortController();
    const ask = () =>
      sendRequest(
        lease,
        { id: 1, method: "tools/call", ...echo("x".repeat(3_000_000)) },
        ioFor(order, { signal: caller.signal }),
      );
    const ends = Array.from({ length: 8 }, () => ask().catch((error: unknown) => error));
    expect(await Promise.race(ends)).toMatchObject({ code: "backend_unavailable" });
    caller.abort();
    await Promise.all(ends);
    connector.hangUp();
  });
});

test("calls fail at once while the connector is away, and say why", async () => {
  const { order, connector, again } = await connectedBackend(echoServer());
  const lease = await leaseOf(order);
  connector.hangUp();
  await expect
    .poll(() => leaseOf(order).catch((error: unknown) => error))
    .toMatchObject({
      code: "backend_offline",
      message: `Cannot connect: backend "${order.config.name}" needs the connector, which is not connected`,
    });
  // Under a lease of before, too.
  const request = { id: 1, method: "tools/call", ...echo(1) };
  await expect(sendRequest(lease, request, ioFor(order))).rejects.toMatchObject({
    code: "backend_offline",
  });
  const back = await again(echoServer());
  expect(textOf(await call(order, echo(2)))).toBe('{"value":2}');
  back.hangUp();
});

test("calls fail at once while the local server is down, with what the connector says of it", async () => {
  const { order, connector } = await connectedBackend(echoServer());
  await leaseOf(order);
  connector.say({ kind: "state", state: { state: "down", reason: "ended with exit code 3" } });
  await expect
    .poll(() => leaseOf(order).catch((error: unknown) => error))
    .toMatchObject({
      code: "backend_offline",
      message: expect.stringContaining("is not running: ended with exit code 3"),
    });
  connector.up();
  await expect.poll(() => call(order, echo(1)).then(textOf)).toBe('{"value":1}');
  connector.hangUp();
});

test("a list that the server says has changed is read again", async () => {
  let tools = ["echo"];
  const { order, connector } = await connectedBackend(
    echoServer({
      "tools/list": () => ({
        tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })),
      }),
    }),
  );
  const listed = async () =>
    (await stubOf(order.config.name).listing())?.tools.map(({ name }) => name);
  await expect.poll(listed, { timeout: 5_000 }).toEqual(["echo"]);
  tools = ["echo", "added"];
  connector.tell({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await expect.poll(listed, { timeout: 5_000 }).toEqual(["echo", "added"]);
  connector.hangUp();
});
