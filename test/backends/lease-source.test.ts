import { expect, test } from "vitest";
import { createLeaseSource, objectName } from "../../src/backends/lease-source.ts";
import type { UserId } from "../../src/core/ids.ts";
import { sendRequest } from "../../src/backends/send.ts";
import { http, ioFor, orderFor, quirk, stubOf, textOf } from "../support/backend-calls.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const USER = "user-1" as UserId;

function createSource() {
  const asked: string[] = [];
  const work: Promise<unknown>[] = [];
  const clock = { now: Date.now() };
  const source = createLeaseSource({
    stub: (name) => {
      asked.push(name);
      return stubOf(name);
    },
    waitUntil: (promise) => work.push(promise),
    now: () => clock.now,
  });
  return { source, asked, work, clock };
}

test("keeps a lease for its life and not longer", async () => {
  const { source, asked, clock } = createSource();
  const order = orderFor(http(quirk("plain").url));
  expect(source.held(order, { userId: USER, sessionful: false })).toBeUndefined();
  const lease = await source.lease(order, { userId: USER, sessionful: false });
  expect(source.held(order, { userId: USER, sessionful: false })).toBe(lease);
  clock.now = lease.expires;
  expect(source.held(order, { userId: USER, sessionful: false })).toBeUndefined();
  expect(asked).toEqual([order.config.name]);
});

test("renews a lease in use beside the call, once", async () => {
  const { source, asked, clock, work } = createSource();
  const order = orderFor(http(quirk("plain").url));
  const lease = await source.lease(order, { userId: USER, sessionful: false });
  clock.now = lease.expires - 1_000;
  expect(source.held(order, { userId: USER, sessionful: false })).toBe(lease);
  expect(source.held(order, { userId: USER, sessionful: false })).toBe(lease);
  await Promise.all(work);
  expect(asked).toHaveLength(2);
  expect(source.held(order, { userId: USER, sessionful: false })).not.toBe(lease);
});

test("does not use a lease of another config", async () => {
  const { source } = createSource();
  const order = orderFor(http(quirk("plain").url));
  await source.lease(order, { userId: USER, sessionful: false });
  expect(
    source.held({ ...order, configVersion: 2 }, { userId: USER, sessionful: false }),
  ).toBeUndefined();
});

test("gives every user a session of their own", async () => {
  const { source } = createSource();
  const order = orderFor(http(quirk("session").url));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const other = "user-2" as UserId;
  const [mine, theirs] = [
    await source.lease(order, { userId: USER, sessionful: true }),
    await source.lease(order, { userId: other, sessionful: true }),
  ];
  expect(mine.sessionId).not.toBe(theirs.sessionId);
  expect(source.held(order, { userId: USER, sessionful: true })).toBe(mine);
});

test("does so even before the backend is known to keep sessions", async () => {
  const { source, asked } = createSource();
  const order = orderFor(http(quirk("session").url));
  const lease = await source.lease(order, { userId: USER, sessionful: false });
  expect(asked).toEqual([order.config.name, `${order.config.name}/${USER}`]);
  expect(source.held(order, { userId: USER, sessionful: false })).toBeUndefined();
  expect(source.held(order, { userId: USER, sessionful: true })).toBe(lease);
});

test("shares the session where the owner says so", async () => {
  const { source, asked } = createSource();
  const order = orderFor(http(quirk("session").url), { session: "shared" });
  await source.lease(order, { userId: USER, sessionful: true });
  expect(asked).toEqual([order.config.name]);
  expect(objectName(order, { userId: USER, sessionful: true })).toBe(order.config.name);
});

test("makes the object connect anew after a lease was dropped", async () => {
  const { source } = createSource();
  const backend = quirk("session");
  const order = orderFor(http(backend.url));
  const old = await source.lease(order, { userId: USER, sessionful: true });
  await backend.control({ loseSessions: true });
  source.drop(old, order, { userId: USER, sessionful: true });
  expect(source.held(order, { userId: USER, sessionful: true })).toBeUndefined();
  const fresh = await source.lease(order, { userId: USER, sessionful: true });
  expect(fresh.sessionId).not.toBe(old.sessionId);
});

test("answers for a built-in server without a hop", async () => {
  const { source, asked } = createSource();
  const order = orderFor({ kind: "builtin", builtin: "time" });
  expect(source.held(order, { userId: USER, sessionful: false })).toMatchObject({
    lane: "builtin",
    url: "builtin:time",
  });
  expect(asked).toEqual([]);
});

test("lets a built-in server be called like any other", async () => {
  const { source } = createSource();
  const order = orderFor({ kind: "builtin", builtin: "time" });
  const params = { name: "get_current_time", arguments: { timezone: "Asia/Tokyo" } };
  const lease = await source.lease(order, { userId: USER, sessionful: false });
  const answer = await sendRequest(lease, { id: "a", method: "tools/call", params }, ioFor(order));
  expect(JSON.parse(answer.text).id).toBe("a");
  expect(textOf(answer)).toContain("+09:00");
});

test("gives a client that can be asked a session of its own, and shares what is shared", () => {
  const order = orderFor(http(quirk("session").url));
  const client = { key: "s-1", capabilities: { elicitation: {} } };
  const name = order.config.name;
  expect(objectName(order, { userId: USER, sessionful: true, client })).toBe(`${name}/${USER}/s-1`);
  expect(objectName(order, { userId: USER, sessionful: false, client })).toBe(name);
  const shared = { ...order, config: { ...order.config, session: "shared" as const } };
  expect(objectName(shared, { userId: USER, sessionful: true, client })).toBe(name);
});
