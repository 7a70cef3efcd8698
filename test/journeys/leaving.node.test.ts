import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { eventually } from "../support/child.ts";
import { EventReader } from "../support/event-reader.ts";
import { type FixtureGateway, startFixtureGateway } from "../support/fixture-gateway.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, askDoor, openRawSession, type RawSession } from "../support/raw-session.ts";

/** A client goes away in the middle of a call: the backend stops working for it, and only then. */

type Backend = "session" | "sse" | "modern";

let house: FixtureGateway;
let ask: Ask;

beforeAll(async () => {
  house = await startFixtureGateway();
  ask = askDoor(house.gateway);
});
afterAll(() => house?.stop());

/** Each has a log of its own, so they do not meet. */
async function onEach(story: (backend: Backend) => Promise<void>): Promise<void> {
  await Promise.all((["session", "sse", "modern"] as const).map(story));
}

type Line = { method: string; params?: { name?: string; requestId?: unknown } };

async function heard(backend: Backend, method: string): Promise<Line[]> {
  const log = new URL("/log", house.fixtures[backend].url);
  const lines = (await (await fetch(log)).json()) as Line[];
  return lines.filter((line) => line.method === method);
}

const WAIT = { name: "wait", arguments: {} };
/** A sign of life every 2 s is how leaving is noticed; the rest is a loaded machine. */
const NOTICED_MS = 3_000;

/** Runs `wait` at the backend; `leave` is what makes it stop. */
async function stops(
  backend: Backend,
  begin: () => Promise<unknown>,
  leave: () => unknown,
  withinMs = NOTICED_MS,
): Promise<void> {
  const waiting = async () =>
    (await heard(backend, "tools/call")).filter(({ params }) => params?.name === "wait");
  const [calls, aborted] = [await waiting(), await heard(backend, "aborted")];
  const running = begin().catch(() => {}); // we hang up ourselves
  await eventually("the call arrives", async () =>
    expect(await waiting()).toHaveLength(calls.length + 1),
  );
  const left = Date.now();
  await leave();
  await eventually(
    "the backend stops",
    async () => expect(await heard(backend, "aborted")).toHaveLength(aborted.length + 1),
    withinMs,
  );
  expect(Date.now() - left).toBeLessThan(withinMs);
  await running;
}

type Lane = (signal: AbortSignal, path: string) => Promise<EventReader>;

const hangingUp = (signal: AbortSignal): Ask => {
  const { url, apiKey } = house.gateway;
  return (path, init) =>
    fetch(url + path, {
      ...init,
      signal,
      headers: { ...init.headers, authorization: `Bearer ${apiKey}` },
    });
};

const LANES: Record<string, Lane> = {
  "a legacy client without a session": async (signal, path) =>
    new EventReader(
      await hangingUp(signal)(path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: WAIT }),
      }),
    ),
  "a modern client": (signal, path) => askModern(hangingUp(signal), "tools/call", WAIT, { path }),
  "a modern client that can be asked": (signal, path) =>
    askModern(hangingUp(signal), "tools/call", WAIT, { path, capabilities: { elicitation: {} } }),
  "a modern client whose call would go on without it later": (signal, path) =>
    askModern(hangingUp(signal), "tools/call", WAIT, {
      path,
      meta: { "mcp-edge-gateway/detach": 60 },
    }),
};

describe.each(Object.keys(LANES))("%s", (lane) => {
  test("stops the work of every backend when it hangs up", async () => {
    await onEach(async (backend) => {
      const abort = new AbortController();
      const begin = async () => LANES[lane]?.(abort.signal, `/mcp/${backend}`).then(readAll);
      await stops(backend, begin, () => abort.abort());
    });
  });

  test("stops the work of a backend when it leaves the stream of its answer", async () => {
    const abort = new AbortController();
    let stream: Promise<EventReader> | undefined;
    await stops(
      "session",
      async () => {
        stream = LANES[lane]?.(abort.signal, "/mcp/session");
        await stream?.then(readAll);
      },
      async () => {
        await stream;
        abort.abort();
      },
    );
  });
});

const readAll = (stream: EventReader): Promise<JsonObject[]> => stream.rest();

describe("a client with a session", () => {
  const opened = (backend: Backend): Promise<RawSession> =>
    openRawSession(ask, { path: `/mcp/${backend}`, capabilities: { elicitation: {} } });

  test("stops the work of every backend at once when it ends its session", () =>
    onEach(async (backend) => {
      const session = await opened(backend);
      const messages = session.call(1, "wait").then(readAll);
      await stops(backend, () => messages, session.end, 1_500);
      expect(await messages).toEqual([]);
    }));

  test("stops the work of every backend at once when it cancels, and is sent no answer", () =>
    onEach(async (backend) => {
      const session = await opened(backend);
      const cancel = () =>
        session.post({ method: "notifications/cancelled", params: { requestId: "mine" } });
      const messages = session.call("mine", "wait").then(readAll);
      await stops(backend, () => messages, cancel, 1_500);
      expect(await messages).toEqual([]);
      await session.end();
    }));

  test("that can be asked nothing stops the work of every backend when it cancels", () =>
    onEach(async (backend) => {
      const session = await openRawSession(ask, { path: `/mcp/${backend}` });
      const cancel = () =>
        session.post({ method: "notifications/cancelled", params: { requestId: "mine" } });
      await stops(backend, () => session.call("mine", "wait").then(readAll), cancel);
      await session.end();
    }));

  test("cancels its own call only, not one of another session under the same id", async () => {
    for (const capabilities of [{}, { elicitation: {} }]) {
      const [first, second] = await Promise.all(
        [1, 2].map(() => openRawSession(ask, { path: "/mcp/session", capabilities })),
      );
      const answer = second?.call(7, "test_slow", { ms: 1_000 }).then(readAll);
      const cancel = () =>
        first?.post({ method: "notifications/cancelled", params: { requestId: 7 } });
      await stops("session", async () => first?.call(7, "wait").then(readAll), cancel);
      expect(await answer).toMatchObject([{ id: 7, result: expect.anything() }]);
    }
  });

  test("has not cancelled when its connection breaks: it comes back for the answer", async () => {
    const session = await opened("session");
    const before = (await heard("session", "aborted")).length;
    const stream = await session.request("slow", "tools/call", {
      name: "test_slow",
      arguments: { ms: 4_000, progress: 40 },
      _meta: { progressToken: "mine" },
    });
    await stream.until(({ method }) => method === "notifications/progress");
    await stream.leave();
    await longEnough("session");
    const resumed = await session.listen(stream.lastId);
    const missed = await resumed.rest();
    expect(missed.at(-1)).toMatchObject({ id: "slow", result: expect.anything() });
    const progress = [...stream.messages, ...missed.slice(0, -1)].map(({ params }) =>
      JSON.stringify(params),
    );
    expect(new Set(progress).size).toBe(40);
    expect(progress).toHaveLength(40);
    expect(await heard("session", "aborted")).toHaveLength(before);
  });
});

test("a call that was answered is never cancelled", () =>
  onEach(async (backend) => {
    const path = `/mcp/${backend}`;
    const before = (await heard(backend, "notifications/cancelled")).length;
    const capabilities = { elicitation: {} };
    const session = await openRawSession(ask, { path, capabilities });
    const called = { name: "test_slow", arguments: { ms: 1_200 } };
    const streams = await Promise.all([
      session.request(1, "tools/call", called),
      askModern(ask, "tools/call", called, { path }),
      askModern(ask, "tools/call", called, { path, capabilities }),
    ]);
    for (const stream of streams) {
      await stream.answer();
      await stream.leave();
    }
    await session.post({ method: "notifications/cancelled", params: { requestId: 1 } });
    await session.end();
    await longEnough(backend);
    expect(await heard(backend, "notifications/cancelled")).toHaveLength(before);
  }));

/** A call that takes longer than it takes to notice that a client has left. */
async function longEnough(backend: Backend): Promise<void> {
  const called = { name: "test_slow", arguments: { ms: 2_500 } };
  await (await askModern(ask, "tools/call", called, { path: `/mcp/${backend}` })).answer();
}
