import { expect, test } from "vitest";
import { ConnectorSeat, type SocketKeeper } from "../../src/backends/connector-seat.ts";
import { encodeFrame } from "../../src/tunnel/tunnel-frame.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A seat with a clock of its own, and sockets that no object keeps. */
function createWorld() {
  const clock = createManualClock();
  const kept = new Map<WebSocket, string[]>();
  let pingedAt: number | undefined;
  const log: string[] = [];
  const sockets: SocketKeeper = {
    acceptWebSocket: (socket, tags = []) => {
      kept.set(socket, tags);
      socket.accept();
      socket.addEventListener("message", ({ data }) => seat.receive(socket, data));
      socket.addEventListener("close", () => {
        kept.delete(socket);
        seat.leave(socket);
      });
    },
    getWebSockets: () => [...kept.keys()],
    getTags: (socket) => kept.get(socket) ?? [],
    setWebSocketAutoResponse: () => {},
    getWebSocketAutoResponseTimestamp: () => (pingedAt === undefined ? null : new Date(pingedAt)),
  };
  const seat = new ConnectorSeat({
    sockets,
    backend: () => "nas",
    onUp: () => void log.push("up"),
    onDown: () => void log.push("down"),
    onMessage: () => {},
    after: clock.after,
    now: clock.now,
  });
  return {
    clock,
    seat,
    log,
    ping: () => {
      pingedAt = clock.now();
    },
    /** The connector's end of a new connection, and the code it is closed with. */
    dial: () => {
      const client = seat.accept({})?.webSocket;
      if (client === null || client === undefined) throw new Error("not let in");
      const closed = new Promise<number>((resolve) => {
        client.addEventListener("close", ({ code }) => resolve(code));
      });
      client.accept();
      return { client, closed };
    },
  };
}

type World = ReturnType<typeof createWorld>;

async function seated(world: World): Promise<ReturnType<World["dial"]>> {
  const dialled = world.dial();
  const hello = { backend: "nas", instance: "instance-1", sequence: 0 };
  dialled.client.send(encodeFrame({ kind: "hello", hello }));
  dialled.client.send(encodeFrame({ kind: "state", state: { state: "up", run: "run-00001" } }));
  await expect.poll(() => world.log).toContain("up");
  return dialled;
}

function callOver({ seat }: World): Promise<Response> | undefined {
  const body = JSON.stringify({ jsonrpc: "2.0", id: "a", method: "tools/call" });
  return seat.line?.fetch("", { body });
}

test("who does not introduce itself is not waited for", async () => {
  const world = createWorld();
  const { closed } = world.dial();
  await world.clock.advance(10_000);
  expect(await closed).toBe(4408);
});

test("who has introduced itself may be silent until somebody calls", async () => {
  const world = createWorld();
  await seated(world);
  await world.clock.advance(3_600_000);
  expect(world.log).toEqual(["up"]);
});

test("a call finds a connector gone that was silent for too long, and does not wait", async () => {
  const world = createWorld();
  const { closed } = await seated(world);
  await world.clock.advance(46_000);
  expect((await callOver(world))?.status).toBe(598);
  expect(await closed).toBe(4408);
  expect(world.log).toEqual(["up", "down"]);
});

test("a call that waits ends when nothing is heard any more, before its own time is up", async () => {
  const world = createWorld();
  await seated(world);
  const answer = callOver(world);
  await world.clock.advance(30_000);
  expect(world.log).toEqual(["up"]);
  for (let turn = 0; turn < 3; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await world.clock.advance(15_000);
  }
  expect((await answer)?.status).toBe(597);
  expect(world.log).toEqual(["up", "down"]);
});

test("pings keep a connection, though they wake nobody", async () => {
  const world = createWorld();
  await seated(world);
  const answer = callOver(world);
  for (let turn = 0; turn < 10; turn += 1) {
    world.ping();
    // oxlint-disable-next-line no-await-in-loop
    await world.clock.advance(20_000);
  }
  expect(world.log).toEqual(["up"]);
  expect(await Promise.race([answer, Promise.resolve("waiting")])).toBe("waiting");
});

test("no timer is left when nothing is waited for", async () => {
  const world = createWorld();
  const { client } = await seated(world);
  const answer = callOver(world);
  client.send('{"jsonrpc":"2.0","id":"a","result":{}}');
  expect((await answer)?.status).toBe(200);
  expect(world.clock.waiting()).toBe(0);
});

test("what was given up counts until the server is heard, and short questions find that out", async () => {
  const world = createWorld();
  const { client } = await seated(world);
  const ask = async (length: number): Promise<number | undefined> => {
    const caller = new AbortController();
    const body = JSON.stringify({ id: "a", method: "tools/call", text: "x".repeat(length) });
    const asked = world.seat.line?.fetch("", { body, signal: caller.signal });
    caller.abort();
    return (await asked)?.status;
  };
  for (let count = 0; count < 4; count += 1) expect(await ask(4_000_000)).toBe(GIVEN_UP);
  expect(await ask(4_000_000)).toBe(TOO_MUCH);
  expect(await ask(1_000)).toBe(GIVEN_UP);
  client.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: {} }));
  await expect.poll(() => ask(4_000_000)).toBe(GIVEN_UP);
});

const GIVEN_UP = 499;
const TOO_MUCH = 429;
