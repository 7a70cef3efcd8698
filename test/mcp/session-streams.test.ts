import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import type { RpcNotification } from "../../src/core/json-rpc.ts";
import { EventLog } from "../../src/mcp/event-log.ts";
import { LiveSession, type SessionPort } from "../../src/mcp/live-session.ts";
import type { Reply } from "../../src/mcp/reply.ts";
import type { Session } from "../../src/mcp/session-store.ts";
import { EventReader } from "../support/event-reader.ts";

/** The streams of one legacy session, with time in our hands. */

const GRACE_MS = 30_000;
/** A write to a closed stream is how a client's leaving is noticed. */
const NOTICE_MS = 2_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

type World = Readonly<{
  session: LiveSession;
  /** The same session in an object that was restarted. */
  restart: () => LiveSession;
  standing: boolean[];
}>;

function inObject(
  story: (world: World) => Promise<void>,
  change: Partial<Session> = {},
): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- RPC types nest without end
  const stub = env.CALLERS.getByName(crypto.randomUUID()) as never as DurableObjectStub;
  return runInDurableObject(stub, (_, { storage }) => {
    const standing: boolean[] = [];
    const session: Session = {
      id: "session-1",
      credentialId: "key-1",
      backend: null,
      protocolVersion: "2025-11-25",
      capabilities: { elicitation: {} },
      interactive: true,
      connection: "s-1",
      objects: [],
      uris: [],
      ...change,
    };
    const start = (): LiveSession =>
      new LiveSession(session, new EventLog(storage.sql, Date.now), (open) => standing.push(open));
    return story({ session: start(), restart: start, standing });
  });
}

type Running = Readonly<{
  port: SessionPort;
  stream: EventReader;
  finish: (text?: string) => void;
}>;

/** A request that has said something already, so that its answer is a stream. */
async function begin(session: LiveSession, id: number, said = "begun"): Promise<Running> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const { promise: started, resolve: start } = Promise.withResolvers<SessionPort>();
  const response = session.call({
    id,
    acceptsStream: true,
    run: (port) => {
      start(port);
      port.signal.addEventListener("abort", () => resolve(reply(id, "given up")));
      return promise;
    },
  });
  const port = await started;
  port.notify(note(said));
  const stream = new EventReader(await response);
  return { port, stream, finish: (text = "done") => resolve(reply(id, text)) };
}

function reply(id: number, text: string): Reply {
  return { text: JSON.stringify({ jsonrpc: "2.0", id, result: { text } }), status: 200 };
}

function note(data: string): RpcNotification {
  return { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } };
}

/** What a client reads, in short. */
function short({ params, result, error }: JsonObject): unknown {
  const known = [params, result, error].find(isJsonObject);
  return known?.["data"] ?? known?.["text"] ?? known?.["code"];
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a client that comes back", () => {
  test("is sent what it missed, once and in order, and then the answer", () =>
    inObject(async ({ session }) => {
      const { port, stream, finish } = await begin(session, 1);
      await stream.until((message) => short(message) === "begun");
      await stream.leave();
      for (const data of ["a", "b", "c"]) port.notify(note(data));
      const again = new EventReader(session.listen(stream.lastId));
      port.notify(note("d"));
      finish();
      expect((await again.rest()).map(short)).toEqual(["a", "b", "c", "d", "done"]);
      const late = new EventReader(session.listen(stream.lastId));
      expect((await late.rest()).map(short)).toEqual(["a", "b", "c", "d", "done"]);
      const last = new EventReader(session.listen(again.lastId));
      expect(await last.rest()).toEqual([]);
    }));

  test("to a restarted object is sent what it missed and that its call was lost, exactly once", () =>
    inObject(async ({ session, restart }) => {
      const { port, stream } = await begin(session, 7);
      await stream.until((message) => short(message) === "begun");
      port.notify(note("a"));
      const restarted = restart();
      const again = new EventReader(restarted.listen(stream.lastId));
      const heard = await again.rest();
      expect(heard.map(short)).toEqual(["a", -32603]);
      expect(heard[1]).toMatchObject({ id: 7 });
      expect(await new EventReader(restarted.listen(again.lastId)).rest()).toEqual([]);
      const twice = await new EventReader(restarted.listen(stream.lastId)).rest();
      expect(twice).toEqual(heard);
    }));

  test("with an event id of another stream, another session or nobody's is sent nothing of it", () =>
    inObject(async ({ session, restart }) => {
      const { stream } = await begin(session, 1, "secret");
      await stream.until((message) => short(message) === "secret");
      const theirs = stream.lastId.replace(/\.\d+$/, ".0");
      const other = restart();
      other.session = { ...other.session, id: "session-2" };
      for (const id of [theirs, "r0123456789.0", "n0123456789.0", "no id of ours", "", "../x.1"]) {
        const listening = new EventReader(other.listen(id));
        const reading = listening.rest();
        other.end();
        expect(await reading).toEqual([]);
      }
    }));
});

test("a stream begins with an event without data from 2025-11-25 on", async () => {
  await inObject(async ({ session }) => {
    const { stream } = await begin(session, 1);
    expect(await stream.next()).toMatchObject({ id: /\.0$/, message: undefined });
    const standing = new EventReader(session.listen(undefined));
    expect(await standing.next()).toMatchObject({ message: undefined });
  });
  await inObject(
    async ({ session }) => {
      const { stream } = await begin(session, 1);
      expect((await stream.next())?.message).toMatchObject({ params: { data: "begun" } });
      const standing = new EventReader(session.listen(undefined));
      session.deliver(note("first"));
      expect((await standing.next())?.message).toMatchObject({ params: { data: "first" } });
    },
    { protocolVersion: "2025-06-18" },
  );
});

describe("a client whose connection broke", () => {
  test("has 30 s to come back before its call is given up", () =>
    inObject(async ({ session }) => {
      const { port, stream } = await begin(session, 1);
      await stream.until((message) => short(message) === "begun");
      await stream.leave();
      await pass(GRACE_MS - 1_000);
      expect(port.signal.aborted).toBe(false);
      await pass(1_000 + NOTICE_MS);
      expect(port.signal.aborted).toBe(true);
    }));

  test("has 30 s again each time", () =>
    inObject(async ({ session }) => {
      const { port, stream } = await begin(session, 1);
      await stream.until((message) => short(message) === "begun");
      await stream.leave();
      await pass(NOTICE_MS + 10_000);
      const again = new EventReader(session.listen(stream.lastId));
      await again.next();
      await pass(10_000);
      await again.leave();
      await pass(GRACE_MS - 1_000);
      expect(port.signal.aborted).toBe(false);
      await pass(1_000 + NOTICE_MS);
      expect(port.signal.aborted).toBe(true);
    }));

  test("is told what became of its call when it comes back too late", () =>
    inObject(async ({ session }) => {
      const { stream } = await begin(session, 1);
      await stream.until((message) => short(message) === "begun");
      await stream.leave();
      await pass(NOTICE_MS + GRACE_MS);
      const again = new EventReader(session.listen(stream.lastId));
      expect((await again.rest()).map(short)).toEqual(["given up"]);
    }));

  test("is not waited for when it has nothing to come back with", () =>
    inObject(
      async ({ session }) => {
        const { promise, resolve } = Promise.withResolvers<Reply>();
        let port: SessionPort | undefined;
        const response = session.call({
          id: 1,
          acceptsStream: true,
          run: (given) => {
            port = given;
            return promise;
          },
        });
        await pass(1_000); // then a silent call is a stream
        await (await response).body?.cancel();
        await pass(NOTICE_MS);
        expect(port?.signal.aborted).toBe(true);
        resolve(reply(1, "over"));
      },
      { protocolVersion: "2025-06-18" },
    ));
});

test("a silent call becomes a stream, so that its client sees life and may come back", () =>
  inObject(async ({ session }) => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const response = session.call({ id: 1, acceptsStream: true, run: () => promise });
    await pass(1_000);
    const stream = new EventReader(await response);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    resolve(reply(1, "late"));
    expect((await stream.rest()).map(short)).toEqual(["late"]);
  }));

test("a client that takes no stream gets JSON, and nothing else is kept for it", () =>
  inObject(async ({ session }) => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const response = session.call({
      id: 1,
      acceptsStream: false,
      run: (port) => {
        expect(port.client.ask).toBeUndefined();
        port.notify(note("unheard"));
        return promise;
      },
    });
    await pass(5_000);
    resolve(reply(1, "plain"));
    expect(await (await response).json()).toMatchObject({ result: { text: "plain" } });
  }));

test("a cancelled call is given up and its stream ends without an answer", () =>
  inObject(async ({ session }) => {
    const { port, stream } = await begin(session, 1);
    const other = await begin(session, 2);
    session.cancel(1);
    expect(port.signal.aborted).toBe(true);
    expect((await stream.rest()).map(short)).toEqual(["begun"]);
    expect(other.port.signal.aborted).toBe(false);
    other.finish();
    expect((await other.stream.rest()).map(short)).toEqual(["begun", "done"]);
  }));

test("a finished call is not given up by whatever its client does afterwards", () =>
  inObject(async ({ session }) => {
    const { port, stream, finish } = await begin(session, 1);
    finish();
    await stream.rest();
    session.cancel(1);
    await pass(NOTICE_MS + GRACE_MS);
    session.end();
    expect(port.signal.aborted).toBe(false);
  }));

test("the end of a session ends its calls and its streams at once", () =>
  inObject(async ({ session, standing }) => {
    const { port, stream } = await begin(session, 1);
    const listening = new EventReader(session.listen(undefined));
    session.end();
    expect(port.signal.aborted).toBe(true);
    expect((await stream.rest()).map(short)).toEqual(["begun"]);
    expect(await listening.rest()).toEqual([]);
    expect(standing.at(-1)).toBe(false);
  }));

test("equal request ids at the same time each get their own answer", () =>
  inObject(async ({ session }) => {
    const calls = await Promise.all(["a", "b", "c"].map((said) => begin(session, 5, said)));
    for (const [index, { finish }] of calls.toReversed().entries()) finish(`answer ${2 - index}`);
    const heard = await Promise.all(calls.map(({ stream }) => stream.rest()));
    expect(heard.map((messages) => messages.map(short))).toEqual([
      ["a", "answer 0"],
      ["b", "answer 1"],
      ["c", "answer 2"],
    ]);
  }));

describe("of several GET streams", () => {
  test("only one is sent a message", () =>
    inObject(async ({ session }) => {
      const streams = [1, 2].map(() => new EventReader(session.listen(undefined)));
      session.deliver(note("once"));
      session.end();
      const heard = await Promise.all(streams.map((stream) => stream.rest()));
      expect(heard.flat().map(short)).toEqual(["once"]);
    }));

  test("four stay, the oldest goes", () =>
    inObject(async ({ session, standing }) => {
      const streams = [1, 2, 3, 4, 5].map(() => new EventReader(session.listen(undefined)));
      expect(await streams[0]?.rest()).toEqual([]);
      session.deliver(note("still"));
      await streams[4]?.until((message) => short(message) === "still");
      expect(standing.at(-1)).toBe(true);
      session.end();
      for (const stream of streams) expect(await stream.rest()).toEqual([]);
    }));

  test("one that went away is taken up again, in a restarted object too", () =>
    inObject(async ({ session, restart, standing }) => {
      const first = new EventReader(session.listen(undefined));
      session.deliver(note("a"));
      await first.until((message) => short(message) === "a");
      await first.leave();
      await pass(NOTICE_MS);
      expect(standing.at(-1)).toBe(false);
      session.deliver(note("b"));
      const restarted = restart();
      const second = new EventReader(restarted.listen(first.lastId));
      restarted.deliver(note("c"));
      restarted.end();
      expect((await second.rest()).map(short)).toEqual(["b", "c"]);
    }));
});

test("who reads too slowly is sent away and comes back for what it has not read", () =>
  inObject(async ({ session }) => {
    const { port, stream, finish } = await begin(session, 1);
    const notes = Array.from({ length: 1_100 }, (_, index) => String(index));
    for (const data of notes) port.notify(note(data));
    await stream.until((message) => short(message) === "900");
    finish();
    await stream.rest();
    const again = new EventReader(session.listen(stream.lastId));
    await again.rest();
    const heard = [...stream.messages, ...again.messages].map(short);
    expect(heard).toEqual(["begun", ...notes, "done"]);
  }));
