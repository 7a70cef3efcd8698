import { join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createConnector, type Connector } from "../../src/connector/connector.ts";
import type { BridgeNews } from "../../src/connector/local-bridge.ts";
import type { LocalServer } from "../../src/connector/local-servers.ts";
import { CLOSE_CODES, MAX_TO_GATEWAY } from "../../src/tunnel/tunnel-protocol.ts";
import { eventually } from "../support/child.ts";
import {
  type DialledIn,
  type GatewayEnd,
  startGatewayEnd,
} from "../support/scripted-gateway-end.ts";
import { isRunning } from "../command/started-gateway.ts";

const SCRIPT = resolve(import.meta.dirname, "../support/stdio-script.mjs");

let gateway: GatewayEnd;
let connector: Connector;
let news: { name: string; news: BridgeNews }[];
beforeEach(async () => {
  gateway = await startGatewayEnd();
  news = [];
  connector = connectorTo(gateway.url);
});
afterEach(async () => {
  await connector.stop();
  await gateway.stop();
});

function connectorTo(url: string): Connector {
  return createConnector({
    url,
    headers: { authorization: "Bearer the-key" },
    version: "1.2.3",
    tell: (name, told) => news.push({ name, news: told }),
  });
}

function script(name: string, env: Record<string, string> = {}, args: string[] = []) {
  const stdio = {
    command: process.execPath,
    args: [SCRIPT, ...args],
    env,
    cwd: undefined,
    secrets: Object.values(env),
  };
  return { name, kind: "stdio", stdio } as const satisfies LocalServer;
}

function resultOf(answer: unknown): unknown {
  return (answer as { result: unknown }).result;
}

async function pidOf(connection: Awaited<ReturnType<GatewayEnd["dial"]>>): Promise<number> {
  return (resultOf(await connection.ask(crypto.randomUUID(), "pid")) as { pid: number }).pid;
}

function toldOf<Kind extends BridgeNews["kind"]>(
  kind: Kind,
): Extract<BridgeNews, { kind: Kind }>[] {
  return news.flatMap(({ news: told }) =>
    told.kind === kind ? [told as Extract<BridgeNews, { kind: Kind }>] : [],
  );
}

test("dials one connection per server, with the key, and introduces itself", async () => {
  await connector.apply([script("memory"), script("notes")]);
  const both = await Promise.all([gateway.dial(0), gateway.dial(1)]);
  const hellos = await Promise.all(
    both.map(async (one) => ({ path: one.path, hello: (await one.see("hello")).hello })),
  );
  expect(hellos.map(({ path }) => path).toSorted()).toEqual(["/connect/memory", "/connect/notes"]);
  expect(hellos.every(({ path, hello }) => path === `/connect/${hello.backend}`)).toBe(true);
  const [first, second] = hellos.map(({ hello }) => hello);
  expect(first?.instance).toBe(second?.instance);
  expect(first?.sequence).not.toBe(second?.sequence);
  expect(first).toMatchObject({ version: "1.2.3", command: "node" });
  expect(both[0].headers["authorization"]).toBe("Bearer the-key");
  expect(both[0].headers["origin"]).toBeUndefined();
  const states = await Promise.all(both.map((one) => one.see("state")));
  expect(states.map(({ state }) => state.state)).toEqual(["up", "up"]);
});

test("carries messages as they were written, in both directions", async () => {
  await connector.apply([script("memory")]);
  const connection = await gateway.dial(0);
  await connection.see("state");
  connection.socket.send('{"jsonrpc":"2.0","id":"a","method":"echo","params":{"big":1,"ä":"😀"}}');
  const { text } = await connection.see("message");
  expect(text).toBe('{"jsonrpc":"2.0","id":"a","result":{"big":1,"ä":"😀"}}');
  connection.socket.send('{"jsonrpc":"2.0",\r\n"id":"b",\n"method":"echo"}');
  await connection.see("message", (frame) => frame.text.includes('"id":"b"'));
  expect(await connection.ask(7, "halves")).toEqual({
    jsonrpc: "2.0",
    id: 7,
    result: { text: "größer 😀" },
  });
});

test("carries long messages in pieces, and says so of those that are too long", async () => {
  await connector.apply([script("memory")]);
  const connection = await gateway.dial(0);
  const long = "b".repeat(3_000_000);
  expect(resultOf(await connection.ask(1, "echo", { long }))).toEqual({ long });
  const answer = await connection.ask(2, "long", { length: MAX_TO_GATEWAY });
  expect(answer).toMatchObject({ id: 2, error: { message: /longer than/ } });
  expect(resultOf(await connection.ask(3, "echo"))).toEqual({});
});

test("lets questions of the server and their answers pass", async () => {
  await connector.apply([script("memory")]);
  const connection = await gateway.dial(0);
  const asked = connection.ask(1, "ask");
  await connection.see("message", ({ text }) => text.includes("roots/list"));
  connection.send({ jsonrpc: "2.0", id: "question", result: { roots: [] } });
  expect(resultOf(await asked)).toEqual({ answer: { roots: [] } });
});

test("passes over what is no message, and tells of it once, without secrets", async () => {
  await connector.apply([script("memory", { TOKEN: "sesame-open-now" })]);
  const connection = await gateway.dial(0);
  await connection.ask(1, "garbage");
  await connection.ask(2, "garbage");
  expect(connection.frames.filter(({ kind }) => kind === "message")).toHaveLength(2);
  expect(toldOf("noise").map(({ line }) => line)).toEqual(["Starting up with ••••••"]);
});

test("lives with a server that writes ten megabytes to its stderr", async () => {
  await connector.apply([script("memory")]);
  const connection = await gateway.dial(0);
  expect(resultOf(await connection.ask(1, "complain"))).toEqual({});
});

test("says that the server is gone, starts it again, and connects no second time", async () => {
  await connector.apply([script("memory", { TOKEN: "sesame-open-now" })]);
  const connection = await gateway.dial(0);
  const { state: first } = await connection.see("state");
  connection.send({
    jsonrpc: "2.0",
    id: 1,
    method: "die",
    params: { code: 4, words: "Error: token sesame-open-now is not valid" },
  });
  const { state: down } = await connection.see("state", ({ state }) => state.state === "down");
  expect(down).toEqual({
    state: "down",
    reason: "ended with code 4: Error: token •••••• is not valid",
  });
  const { state: second } = await connection.see(
    "state",
    ({ state }) => state.state === "up" && state !== first,
  );
  expect(second).not.toEqual(first);
  expect(resultOf(await connection.ask(2, "echo"))).toEqual({});
  expect(gateway.dialled).toHaveLength(1);
});

test("starts a server that dies at once ever more rarely", async () => {
  await connector.apply([script("memory", { DIE_AT_ONCE: "hush-hush-hush" })]);
  await eventually("it died three times", async () =>
    expect(toldOf("ended").length).toBeGreaterThanOrEqual(3),
  );
  const waits = toldOf("ended").map(({ againInMs }) => againInMs);
  expect(waits[0]).toBeLessThanOrEqual(500);
  expect(waits[2]).toBeGreaterThanOrEqual(1_000);
  expect(toldOf("ended")[0]?.reason).toBe("ended with code 3: cannot find the token ••••••");
});

test("says in one line that there is no such program, or no such folder", async () => {
  const { stdio } = script("memory");
  await connector.apply([
    { name: "memory", kind: "stdio", stdio: { ...stdio, command: "no-such-program" } },
    { ...script("notes"), stdio: { ...script("notes").stdio, cwd: "/no/such/folder" } },
    { name: "all", kind: "stdio", stdio: { ...stdio, command: "no-such -y package" } },
  ]);
  await eventually("all are told", async () => expect(toldOf("ended")).toHaveLength(3));
  expect(toldOf("ended").map(({ reason }) => reason)).toEqual([
    'cannot be started: there is no program "no-such-program" on this machine',
    'cannot be started: there is no folder "/no/such/folder"',
    'cannot be started: there is no program "no-such -y package" on this machine: what follows the name belongs in "args"',
  ]);
  const { state } = await (await gateway.dial(0)).see("state");
  expect(state).toMatchObject({ state: "down", reason: /cannot be started/ });
});

test("starts a server without a shell, in its folder", async () => {
  const args = ["$(touch /tmp/never)", "; exit", "--upload-pack=x"];
  const { stdio } = script("memory", { OWN: "1" }, args);
  await connector.apply([{ name: "memory", kind: "stdio", stdio: { ...stdio, cwd: tmpdir() } }]);
  const result = resultOf(await (await gateway.dial(0)).ask(1, "env")) as {
    env: Record<string, string>;
    cwd: string;
    argv: string[];
  };
  expect(result.argv).toEqual(args);
  expect(result.cwd).toBe(resolve(tmpdir()));
  expect(result.env).toMatchObject({ OWN: "1" });
  expect(result.env).not.toHaveProperty("VITEST");
});

test("dials again when the line is lost, with a greater number and the same run", async () => {
  await connector.apply([script("memory")]);
  const first = await gateway.dial(0);
  const before = { hello: (await first.see("hello")).hello, ...(await first.see("state")) };
  first.socket.terminate();
  const second = await gateway.dial(1);
  const after = { hello: (await second.see("hello")).hello, ...(await second.see("state")) };
  expect(after.state).toEqual(before.state);
  expect(after.hello.instance).toBe(before.hello.instance);
  expect(after.hello.sequence).toBeGreaterThan(before.hello.sequence);
});

test.each<readonly [string, (line: DialledIn) => void]>([
  ["breaks", ({ socket }) => socket.terminate()],
  ["wants the server afresh", ({ socket }) => socket.close(CLOSE_CODES.restart)],
])("dials ever more rarely where a gateway %s each time", async (_, end) => {
  await connector.apply([script("memory")]);
  const started = performance.now();
  for (let index = 0; index < 3; index += 1) {
    const line = await gateway.dial(index);
    await line.see("state", ({ state }) => state.state === "up");
    end(line);
  }
  await gateway.dial(3);
  // At least half of 500 ms, one second and two.
  expect(performance.now() - started).toBeGreaterThanOrEqual(1_740);
});

test("cancels calls nobody waits for, and refuses questions nobody hears", async () => {
  await connector.apply([script("memory")]);
  const first = await gateway.dial(0);
  await first.see("state");
  first.send({ jsonrpc: "2.0", id: "lost", method: "hang" });
  first.send({ jsonrpc: "2.0", id: "asks", method: "ask" });
  await first.see("message", ({ text }) => text.includes("roots/list"));
  first.socket.terminate();
  const second = await gateway.dial(1);
  await second.see("state");
  expect(resultOf(await second.ask(1, "cancelled"))).toEqual({ cancelled: ["lost", "asks"] });
  expect(resultOf(await second.ask(2, "answers"))).toMatchObject({
    answers: [{ message: /no connection to the gateway/ }],
  });
});

test("starts the server afresh when the gateway cannot use it as it is", async () => {
  await connector.apply([script("memory")]);
  const first = await gateway.dial(0);
  const { state: before } = await first.see("state");
  const pid = await pidOf(first);
  first.socket.close(CLOSE_CODES.restart);
  const second = await gateway.dial(1);
  const { state: after } = await second.see("state", ({ state }) => state.state === "up");
  expect(after).not.toEqual(before);
  expect(isRunning(pid)).toBe(false);
  expect(toldOf("ended")).toEqual([]);
});

test("waits long after a refusal or a newer connector, and tells why", async () => {
  await connector.apply([script("memory")]);
  const first = await gateway.dial(0);
  await first.see("state");
  const body = JSON.stringify({ error: { message: "Cannot connect: the key may not" } });
  gateway.refuse({ status: 403, body });
  first.socket.terminate();
  await eventually("it is refused", async () => expect(toldOf("disconnected")).toHaveLength(2));
  const refused = toldOf("disconnected")[1];
  expect(refused?.end).toMatchObject({
    kind: "refused",
    status: 403,
    reason: "Cannot connect: the key may not",
  });
  expect(refused?.againInMs).toBeGreaterThanOrEqual(60_000);

  gateway.refuse(undefined);
  await connector.apply([script("notes")]);
  (await gateway.dial(1)).socket.close(CLOSE_CODES.replaced);
  await eventually("it is replaced", async () =>
    expect(toldOf("disconnected").at(-1)?.end).toEqual({ kind: "replaced" }),
  );
  expect(toldOf("disconnected").at(-1)?.againInMs).toBeGreaterThanOrEqual(300_000);
});

test("starts, stops and restarts exactly the servers that changed", async () => {
  await connector.apply([script("kept"), script("changed"), script("removed")]);
  const connections = await Promise.all([0, 1, 2].map((index) => gateway.dial(index)));
  const find = (name: string) => connections.find(({ path }) => path === `/connect/${name}`);
  const [kept, changed, removed] = [find("kept"), find("changed"), find("removed")];
  if (kept === undefined || changed === undefined || removed === undefined) throw new Error("gone");
  const pids = await Promise.all([kept, changed, removed].map(pidOf));
  await connector.apply([script("kept"), script("changed", { NEW: "1" }), script("added")]);
  await Promise.all([changed.closed, removed.closed]);
  expect(pids.map(isRunning)).toEqual([true, false, false]);
  const fresh = await Promise.all([gateway.dial(3), gateway.dial(4)]);
  expect(fresh.map(({ path }) => path).toSorted()).toEqual(["/connect/added", "/connect/changed"]);
  expect(await pidOf(kept)).toBe(pids[0]);
});

test("takes everything down within its time, stubborn servers and what they launched too", async () => {
  await connector.apply([script("memory", { STUBBORN: "1" }), script("notes")]);
  const both = await Promise.all([gateway.dial(0), gateway.dial(1)]);
  const launched = await Promise.all(
    both.map(async (one) => (resultOf(await one.ask(1, "launch")) as { pid: number }).pid),
  );
  const pids = [...(await Promise.all(both.map(pidOf))), ...launched];
  const asked = performance.now();
  await connector.stop();
  expect(performance.now() - asked).toBeLessThan(4_000);
  await eventually("they are gone", async () => expect(pids.filter(isRunning)).toEqual([]));
  expect(await Promise.all(both.map(({ closed }) => closed))).toEqual([1000, 1000]);
});

test("finds a gateway that comes up later", async () => {
  const port = Number(new URL(gateway.url).port);
  await gateway.stop();
  await connector.apply([script("memory")]);
  await eventually("it was tried", async () => expect(toldOf("disconnected")).not.toEqual([]));
  expect(toldOf("disconnected")[0]?.end).toEqual({ kind: "lost", reason: "nothing listens there" });
  gateway = await startGatewayEnd({ port });
  expect((await (await gateway.dial(0)).see("state")).state.state).toBe("up");
});

test("brings a hundred servers back to a gateway that was away, not all at the same moment", async () => {
  const names = Array.from({ length: 100 }, (_, index) => `b${index}`);
  const remote = { kind: "sse", url: "http://127.0.0.1:9/sse", headers: {} } as const;
  await connector.apply(names.map((name) => ({ name, kind: "remote", remote })));
  for (const index of names.keys()) await (await gateway.dial(index)).see("hello");
  const port = Number(new URL(gateway.url).port);
  await gateway.stop();
  const firstWaits = new Map<string, number>();
  await eventually("all are told", async () => {
    for (const { name, news: told } of news.toReversed()) {
      if (told.kind === "disconnected") firstWaits.set(name, told.againInMs);
    }
    expect(firstWaits.size).toBe(names.length);
  });
  const waits = [...firstWaits.values()];
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(150);
  expect(new Set(waits).size).toBeGreaterThan(40);
  gateway = await startGatewayEnd({ port });
  const back = await Promise.all(names.map((_, index) => gateway.dial(index)));
  expect(back.map(({ path }) => path).toSorted()).toEqual(
    names.map((name) => `/connect/${name}`).toSorted(),
  );
});

test("notices within 45 s that a line went dead without a word", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  try {
    await connector.apply([script("memory")]);
    const first = await gateway.dial(0);
    await first.see("state");
    first.socket.pause(); // from now on it hears nothing, and so answers no ping
    vi.advanceTimersByTime(45_000);
    await gateway.dial(1);
    expect(toldOf("disconnected")[0]?.end).toEqual({ kind: "lost", reason: "the line went dead" });
  } finally {
    vi.useRealTimers();
  }
});

test("keeps a line that answers its pings", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  try {
    await connector.apply([script("memory")]);
    const first = await gateway.dial(0);
    await first.see("state");
    for (let round = 0; round < 8; round += 1) {
      vi.advanceTimersByTime(20_000);
      // The answer to a ping comes before the answer to what was asked after it.
      await first.ask(`round-${round}`, "echo");
    }
    expect(gateway.dialled).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test("hands its server nothing that is no message", async () => {
  await connector.apply([script("memory")]);
  const connection = await gateway.dial(0);
  await connection.see("state");
  connection.socket.send('{"command":"rm","args":["-rf","/"]}');
  connection.socket.send("[]");
  expect(resultOf(await connection.ask(1, "heard"))).toEqual({ heard: 1 });
});

test("treats bad frames as a broken line", async () => {
  await connector.apply([script("memory")]);
  const first = await gateway.dial(0);
  await first.see("state");
  first.socket.send("run: rm -rf /");
  await gateway.dial(1);
  expect(toldOf("disconnected")[0]?.end).toMatchObject({ reason: /broke the protocol/ });
  expect(join("/", first.path)).toBe("/connect/memory");
});
