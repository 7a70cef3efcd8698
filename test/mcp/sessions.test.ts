import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { release } from "../../src/core/outcome.ts";
import { ALL } from "../../src/gateway/gateway.ts";
import type { CallerStub } from "../../src/mcp/caller-stub.ts";
import type { LiveListener } from "../../src/mcp/live-listener.ts";
import { Sessions, type SessionsDeps } from "../../src/mcp/sessions.ts";
import { MAX_SESSIONS, SESSION_IDLE_MS, SessionStore } from "../../src/mcp/session-store.ts";
import { type Ask, openRawSession, type RawSession } from "../support/raw-session.ts";
import { testCaller } from "../support/test-caller.ts";
import { configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

beforeAll(() =>
  configure({ mcpServers: { clock: { builtin: "time" }, other: { builtin: "time" } } }),
);

const mine: Ask = sendAuthorized;

/** A key is a person of its own. */
async function somebodyElse(): Promise<Ask> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "somebody else" }),
  });
  const { key } = (await response.json()) as { key: string };
  return (path, init) =>
    send(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
}

function stubOf(userId: string): DurableObjectStub & CallerStub {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- RPC types nest without end
  return env.CALLERS.getByName(userId) as never;
}

async function refusals({ post, get, end }: RawSession): Promise<unknown[]> {
  const answers = [await post({ id: 1, method: "ping" }), await get(), await end()];
  return Promise.all(
    answers.map(async (response) => ({ status: response.status, body: await response.json() })),
  );
}

const isAlive = async ({ post }: RawSession): Promise<boolean> =>
  (await post({ id: 1, method: "ping" })).status === 200;

test("gives every session an id of 256 random bits", async () => {
  const sessions = await Promise.all(Array.from({ length: 20 }, () => openRawSession(mine)));
  const ids = sessions.map(({ id }) => id);
  expect(new Set(ids).size).toBe(20);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test("does not let a client choose the id of its session", async () => {
  const session = await openRawSession(mine);
  for (const id of [session.id, "chosen-by-the-client"]) {
    const response = await mine("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", "mcp-session-id": id },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x" } },
      }),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("mcp-session-id")).toBeNull();
    await response.text();
  }
  expect(await isAlive(session)).toBe(true);
});

test("does not know an unknown session, nor an ended one, and wants to be told which to end", async () => {
  const session = await openRawSession(mine);
  expect((await session.end()).status).toBe(204);
  const unknown = { status: 404, body: { jsonrpc: "2.0", error: { code: -32001 } } };
  expect(await refusals(session)).toMatchObject([unknown, unknown, unknown]);
  const nameless = await mine("/mcp", { method: "DELETE", headers: {} });
  expect(nameless.status).toBe(400);
  await nameless.text();
});

test.each([
  ["while its object lives", async () => {}],
  ["after its object was evicted", () => evictDurableObject(stubOf("owner"))],
])("a session is unknown to another user %s, and goes on for its own", async (_, meanwhile) => {
  const session = await openRawSession(mine);
  const theirs = await somebodyElse();
  await meanwhile();
  const stolen = await refusals(session.as(theirs));
  const invented = await refusals(await openRawSession(theirs).then(ended));
  expect(stolen).toEqual(invented);
  expect(stolen).toMatchObject([{ status: 404 }, { status: 404 }, { status: 404 }]);
  expect(await isAlive(session)).toBe(true);
});

async function ended(session: RawSession): Promise<RawSession> {
  await session.end();
  return session;
}

test("a session belongs to the credential and the endpoint it was opened with", async () => {
  const session = await openRawSession(mine, { path: "/mcp/clock" });
  for (const elsewhere of ["/mcp", "/mcp/other"]) {
    expect(await isAlive(session.as(mine, elsewhere))).toBe(false);
  }
  expect(await isAlive(session)).toBe(true);

  const stub = stubOf("user-1");
  const opening = { scope: ALL, protocolVersion: "2025-11-25", capabilities: {} };
  const { id } = release(await stub.openSession(testCaller(), opening));
  const other = testCaller({ credentialId: "another key of the same user" });
  for (const again of [false, true]) {
    if (again) await evictDurableObject(stub);
    expect(await stub.findSession(other, ALL, id)).toBeUndefined();
    expect(await stub.endSession(other, ALL, id)).toBe(false);
    expect(await stub.findSession(testCaller(), ALL, id)).toMatchObject({ id });
  }
});

test("a session goes on with the same id after its object was evicted", async () => {
  const session = await openRawSession(mine);
  await evictDurableObject(stubOf("owner"));
  expect(await isAlive(session)).toBe(true);
  expect((await session.end()).status).toBe(204);
});

test("keeps a bounded number of sessions for one user: the one idle longest goes", async () => {
  const stub = stubOf("user-2");
  const opening = { scope: ALL, protocolVersion: "2025-11-25", capabilities: {} };
  const ids: string[] = [];
  for (let count = 0; count <= MAX_SESSIONS; count += 1) {
    ids.push(release(await stub.openSession(testCaller(), opening)).id);
  }
  const kept = await Promise.all(ids.map((id) => stub.findSession(testCaller(), ALL, id)));
  expect(kept.map((info) => info !== undefined)).toEqual(ids.map((_, index) => index > 0));
});

test("forgets a session that nobody used for a week, and not one that is used", async () => {
  await runInDurableObject(stubOf("user-3"), (_, { storage }) => {
    const store = new SessionStore(storage.sql);
    const session = (id: string) => ({
      id,
      credentialId: "key-1",
      backend: null,
      protocolVersion: "2025-11-25",
      capabilities: {},
      interactive: false,
      connection: `s-${id}`,
      objects: [],
      uris: [],
    });
    store.add(session("used"), 0);
    store.add(session("idle"), 0);
    expect(store.find("used", SESSION_IDLE_MS - 1)).toMatchObject({ id: "used" });
    expect(store.find("idle", SESSION_IDLE_MS)).toBeUndefined();
    expect(store.sweep(SESSION_IDLE_MS).map(({ id }) => id)).toEqual(["idle"]);
    expect(store.find("used", SESSION_IDLE_MS)).toMatchObject({ id: "used" });
  });
});

test("an answer to a question that was never asked is taken and ignored", async () => {
  const session = await openRawSession(mine, { capabilities: { elicitation: {} } });
  for (const id of [1, "q-00000000-0000-4000-8000-000000000000", null]) {
    const response = await session.post({ id, result: { action: "accept", content: {} } });
    expect([response.status, await response.text()]).toEqual([202, ""]);
  }
});

test("a cancellation of what is not running is taken and changes nothing", async () => {
  const session = await openRawSession(mine, { capabilities: { elicitation: {} } });
  const response = await session.post({
    method: "notifications/cancelled",
    params: { requestId: "never sent" },
  });
  expect([response.status, await response.text()]).toEqual([202, ""]);
  expect(await isAlive(session)).toBe(true);
});

test("listens for a client under the rules that are in force when it comes back", () =>
  runInDurableObject(stubOf(crypto.randomUUID()), async (_, { storage }) => {
    const open = new Set<LiveListener>();
    const updates = {
      open: async (listener: LiveListener) => void open.add(listener),
      close: (listener: LiveListener) => void open.delete(listener),
      restore: async () => {},
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what streams ask of it
    const deps = { updates, now: Date.now } as unknown as SessionsDeps;
    const sessions = new Sessions(storage.sql, deps);
    const before = testCaller();
    const capabilities = { elicitation: {} };
    const opening = { scope: ALL, protocolVersion: "2025-11-25", capabilities };
    const { id } = sessions.open(before, opening);
    const come = (caller: Caller) =>
      sessions.stream({ caller, scope: ALL, session: id, lastEventId: undefined });
    const heard = () => [...open].map(({ caller }) => caller.policyId);
    const first = await come(before);
    expect(heard()).toEqual(["full"]);
    const second = await come(testCaller({ policyId: "narrower" }));
    expect(heard()).toEqual(["narrower"]);
    await Promise.all([first.body?.cancel(), second.body?.cancel()]);
  }));
