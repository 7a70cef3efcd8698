import { expect, test } from "vitest";
import type { Wanted } from "../../src/backends/attendance-book.ts";
import type { Lease } from "../../src/backends/lease.ts";
import { Listening } from "../../src/backends/listening.ts";
import type { Fetch } from "../../src/core/outbound.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createManualClock } from "../support/manual-clock.ts";

const ACKNOWLEDGED = { jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged" };
const EVERYTHING = { tools: { listChanged: true }, resources: { subscribe: true } };

type Asked = Readonly<{
  lastEventId: string | null;
  uris: unknown;
  isClosed: () => boolean;
  write: (text: string) => void;
  end: () => void;
}>;

/** A backend's streams and the time, in the tester's hands. */
function createWorld(era: Lease["era"], lane: Lease["lane"] = "direct") {
  const clock = createManualClock();
  const asked: Asked[] = [];
  const world = {
    clock,
    asked,
    wanted: { uris: [], until: Infinity } as Wanted | undefined,
    /** Answers a request for a stream; undefined opens one. */
    refuse: (() => undefined) as (
      asked: Pick<Asked, "uris" | "lastEventId">,
    ) => Response | undefined,
    connect: async (): Promise<void> => {},
    revision: 1,
    connected: 0,
    heard: [] as unknown[],
    gaps: 0,
  };

  const answer: Fetch = async (_, { method, body, headers, signal }) => {
    const message = typeof body === "string" ? JSON.parse(body) : undefined;
    if (method !== "GET" && message.method !== "subscriptions/listen") {
      return Response.json({ jsonrpc: "2.0", id: message.id, result: {} });
    }
    const lastEventId = new Headers(headers).get("last-event-id");
    const uris: unknown = message?.params.notifications.resourceSubscriptions;
    let isClosed = false;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const write = (text: string): void => {
      writer.write(new TextEncoder().encode(text)).catch(() => {}); // closed by then
    };
    signal?.addEventListener("abort", () => {
      isClosed = true;
      writer.abort().catch(() => {}); // it was over
    });
    const end = (): void => void writer.close().catch(() => {}); // it was over
    asked.push({ lastEventId, uris, isClosed: () => isClosed, write, end });
    const refusal = world.refuse({ uris, lastEventId });
    if (refusal !== undefined) return refusal;
    if (method === "POST") write(event(ACKNOWLEDGED));
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  };
  const listening = new Listening({
    wanted: () => world.wanted,
    connect: async () => {
      world.connected += 1;
      await world.connect();
      return { lease: leaseFor(era, lane, world.revision), capabilities: EVERYTHING };
    },
    onLost: () => {
      world.revision += 1;
    },
    onMessage: (message) => void world.heard.push(message),
    onGap: () => {
      world.gaps += 1;
    },
    io: { fetch: (url, init) => answer(url, init), waitUntil: () => {} },
    after: clock.after,
    now: clock.now,
  });
  return Object.assign(world, { listening });
}

function leaseFor(era: Lease["era"], lane: Lease["lane"], revision: number): Lease {
  return {
    backend: parseBackendName("one"),
    revision,
    lane,
    era,
    protocolVersion: era === "modern" ? "2026-07-28" : "2025-11-25",
    url: "https://backend.example/mcp",
    headers: {},
    sessionId: era === "modern" ? undefined : "s",
    privateOrigins: [],
    timeoutMs: 5_000,
    expires: Infinity,
  };
}

function event(message: JsonObject, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`;
}

function last(asked: readonly Asked[]): Asked {
  const newest = asked.at(-1);
  if (newest === undefined) throw new Error("no stream was asked for");
  return newest;
}

/** Ends the newest stream and waits for what follows. */
async function endStream({ asked, clock }: ReturnType<typeof createWorld>): Promise<void> {
  const before = asked.length;
  last(asked).end();
  await expect
    .poll(async () => {
      await clock.advance(1_000);
      return asked.length;
    })
    .toBe(before + 1);
}

const SAID = { jsonrpc: "2.0", method: "notifications/message", params: {} };

test("goes on after the last event of a stream that has ended", async () => {
  const world = createWorld("legacy");
  await world.listening.sync();
  last(world.asked).write(event(SAID, "e1"));
  await expect.poll(() => world.heard).toEqual([SAID]);
  await world.clock.advance(5_000);
  await endStream(world);
  expect(last(world.asked).lastEventId).toBe("e1");
  expect(world.gaps).toBe(0);
  await endStream(world);
  expect(last(world.asked).lastEventId).toBe("e1");
});

test("begins again, and says so, where a backend has forgotten the last event", async () => {
  const world = createWorld("legacy");
  world.refuse = ({ lastEventId }) =>
    lastEventId === null ? undefined : new Response("unknown event", { status: 400 });
  await world.listening.sync();
  last(world.asked).write(event(SAID, "e1"));
  await expect.poll(() => world.heard).toEqual([SAID]);
  await endStream(world);
  await expect
    .poll(async () => {
      await world.clock.advance(1_000);
      return world.asked.map(({ lastEventId }) => lastEventId);
    })
    .toEqual([null, "e1", null]);
  await expect.poll(() => world.gaps).toBe(1);
});

test.each(["legacy", "modern"] as const)(
  "says that something may have been missed when a stream that went on has ended: %s",
  async (era) => {
    const world = createWorld(era);
    await world.listening.sync();
    await expect.poll(() => world.asked.length).toBe(1);
    if (era === "modern") last(world.asked).write(event(SAID, "not resumed from"));
    await world.clock.advance(3_000);
    expect(world.gaps).toBe(0);
    await endStream(world);
    await expect.poll(() => world.gaps).toBe(1);
  },
);

test("asks ever more seldom for streams that end at once, which nothing was missed by", async () => {
  const world = createWorld("legacy");
  world.refuse = () => new Response("", { headers: { "content-type": "text/event-stream" } });
  await world.listening.sync();
  await expect
    .poll(async () => {
      await world.clock.advance(1_000);
      return world.asked.length;
    })
    .toBeGreaterThan(4);
  expect(world.clock.now()).toBeGreaterThan(8_000);
  expect(world.gaps).toBe(0);
});

test("opens the next modern stream before it closes the one before", async () => {
  const world = createWorld("modern");
  const closedBefore: boolean[] = [];
  world.refuse = () => {
    closedBefore.push(...world.asked.slice(0, -1).map(({ isClosed }) => isClosed()));
    return undefined;
  };
  await world.listening.sync();
  world.wanted = { uris: ["a:1"], until: Infinity };
  await world.listening.sync();
  expect(closedBefore).toEqual([false]);
  expect(world.asked.map(({ uris, isClosed }) => [uris, isClosed()])).toEqual([
    [undefined, true],
    [["a:1"], false],
  ]);
  expect(world.gaps).toBe(0);
});

test("leaves out a resource that a modern backend refuses to watch, and nothing else", async () => {
  const world = createWorld("modern");
  world.refuse = ({ uris }) => {
    if (!JSON.stringify(uris ?? []).includes("bad")) return undefined;
    const error = { code: -32_602, message: "no such resource" };
    return Response.json({ jsonrpc: "2.0", id: 1, error }, { status: 400 });
  };
  world.wanted = { uris: ["a:1"], until: Infinity };
  await world.listening.sync();
  world.wanted = { uris: ["a:1", "bad:1"], until: Infinity };
  await world.listening.sync();
  await expect
    .poll(() => world.asked.map(({ uris }) => uris))
    .toEqual([["a:1"], ["a:1", "bad:1"], ["a:1"]]);
  await world.listening.sync();
  await world.clock.advance(60_000);
  expect(world.asked).toHaveLength(3);
  expect(last(world.asked).isClosed()).toBe(false);
});

test("listens for lists where all that is watched is refused", async () => {
  const world = createWorld("modern");
  world.refuse = ({ uris }) =>
    uris === undefined ? undefined : new Response("no", { status: 400 });
  world.wanted = { uris: ["bad:1"], until: Infinity };
  await world.listening.sync();
  await expect.poll(() => world.asked.map(({ uris }) => uris)).toEqual([["bad:1"], undefined]);
  expect(last(world.asked).isClosed()).toBe(false);
});

test("asks again when a stream has been silent for five minutes", async () => {
  const world = createWorld("legacy");
  await world.listening.sync();
  await world.clock.advance(4 * 60_000);
  last(world.asked).write(": still here\n\n");
  await expect.poll(() => world.clock.waiting()).toBeGreaterThan(0);
  await world.clock.advance(4 * 60_000);
  expect(world.asked).toHaveLength(1);
  await world.clock.advance(60_000);
  await expect
    .poll(async () => {
      await world.clock.advance(1_000);
      return world.asked.length;
    })
    .toBe(2);
});

test("sets no timer after a backend without a stream but for the end of the attendance", async () => {
  const world = createWorld("legacy");
  world.refuse = () => new Response(null, { status: 405 });
  world.wanted = { uris: [], until: 40_000 };
  await world.listening.sync();
  await expect.poll(() => world.clock.waiting()).toBe(1);
  world.wanted = undefined;
  await world.clock.advance(40_000);
  expect(world.clock.waiting()).toBe(0);
  expect(world.asked).toHaveLength(1);
});

test("connects ever more seldom to a backend that ends its connection at once", async () => {
  const world = createWorld("legacy", "object");
  world.connect = async () => {
    world.revision += 1;
    void Promise.resolve().then(() => world.listening.breakOff());
  };
  await world.listening.sync();
  await world.clock.advance(20_000);
  expect(world.connected).toBeGreaterThan(2);
  expect(world.connected).toBeLessThan(10);
});

test("asks again after `initialized` where a stream was refused before", async () => {
  const world = createWorld("legacy");
  world.refuse = () => new Response("not initialized", { status: 400 });
  world.connect = async () => {
    await world.listening.beginEarly(leaseFor("legacy", "direct", world.revision));
    world.refuse = () => undefined;
  };
  await world.listening.sync();
  await expect.poll(() => world.asked.length).toBe(2);
  expect(last(world.asked).isClosed()).toBe(false);
});

test("goes on when the backend cannot be reached", async () => {
  const world = createWorld("legacy");
  world.connect = async () => {
    throw new GatewayError("backend_unavailable", "Cannot connect");
  };
  await world.listening.sync();
  world.connect = async () => {};
  await world.clock.advance(2_000);
  await expect.poll(() => world.asked.length).toBe(1);
});

test("listens at once to a new session, however often streams have failed before", async () => {
  const world = createWorld("legacy");
  world.refuse = () => new Response("busy", { status: 503 });
  await world.listening.sync();
  for (let second = 0; second < 20; second += 1) await world.clock.advance(1_000);
  const before = world.asked.length;
  world.refuse = () => undefined;
  world.revision += 1;
  await world.listening.beginEarly(leaseFor("legacy", "direct", world.revision));
  await world.listening.sync();
  expect(world.asked).toHaveLength(before + 1);
  expect(last(world.asked).isClosed()).toBe(false);
});
