import { expect, test } from "vitest";
import { PendingWatches } from "../../src/core/pending-watches.ts";
import type { Caller } from "../../src/auth/caller.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { afterTimeout } from "../../src/core/patience.ts";
import { GiveUp } from "../../src/core/call-signal.ts";
import { ALL, type CallContext } from "../../src/gateway/gateway.ts";
import { LiveUpdates } from "../../src/mcp/live-updates.ts";
import { createAttendedBackends, orderFor } from "../support/attended-backends.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testCaller } from "../support/test-caller.ts";

const ID = "io.modelcontextprotocol/subscriptionId";
const context: CallContext = {
  signal: new GiveUp(),
  after: afterTimeout,
  waitUntil: () => {},
  requestId: "test",
};

/** A gateway with the backends "one" and "two"; the policy "blind" sees the second only. */
function createWorld() {
  const clock = createManualClock();
  const watches = new PendingWatches(clock.after);
  const backends = createAttendedBackends();
  let change = 1;
  let tools = "a";
  const live = new LiveUpdates({
    name: "user-1",
    gateway: {
      async fingerprint({ policyId }: Caller) {
        const seen = policyId === "blind" ? "nothing" : tools;
        return { change, tools: seen, prompts: "a", resources: "a" };
      },
      async announcers({ policyId }: Caller) {
        const names = policyId === "blind" ? ["two"] : ["one", "two"];
        return names.map((name) => ({ order: orderFor(name), sessionful: false }));
      },
      async resourceOwner({ policyId }: Caller, _scope: unknown, uri: string) {
        if (policyId === "blind") throw new GatewayError("not_found", "Unknown resource");
        return { order: orderFor("one"), sessionful: false, uri };
      },
    },
    context: () => context,
    async watch(known) {
      if (known === change) await watches.wait();
      return change;
    },
    backend: backends.backend,
    after: clock.after,
    now: clock.now,
  });
  const world = {
    clock,
    backends,
    async changeTools(changed: string): Promise<void> {
      tools = changed;
      change += 1;
      watches.wake();
      await clock.advance(300);
    },
    live,
    async listen(notifications: JsonObject, caller = testCaller()) {
      const sent: JsonObject[] = [];
      let closed = 0;
      const stop = await live.listen({
        caller,
        scope: ALL,
        id: 7,
        params: { notifications },
        send: (message) => sent.push(message),
        close: () => (closed += 1),
      });
      return { sent, stop, closed: () => closed };
    },
  };
  return world;
}

test("acknowledges first what it keeps, and marks everything with the subscription", async () => {
  const world = createWorld();
  const { sent } = await world.listen({
    toolsListChanged: true,
    promptsListChanged: false,
    resourceSubscriptions: ["x:a", "x:a"],
    somethingNewer: 1,
  });
  await world.changeTools("b");
  expect(world.live.heard("one", update("x:a"))).toBe(true);
  expect(sent).toEqual([
    {
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: {
        notifications: { toolsListChanged: true, resourceSubscriptions: ["x:a"] },
        _meta: { [ID]: 7 },
      },
    },
    {
      jsonrpc: "2.0",
      method: "notifications/tools/list_changed",
      params: { _meta: { [ID]: 7 } },
    },
    {
      jsonrpc: "2.0",
      method: "notifications/resources/updated",
      params: { uri: "x:a", _meta: { [ID]: 7 } },
    },
  ]);
});

test("keeps nothing of resources the caller may not see, and says it is done", async () => {
  const world = createWorld();
  const blind = testCaller({ policyId: "blind" });
  const { sent, closed } = await world.listen({ resourceSubscriptions: ["x:a"] }, blind);
  expect(sent).toMatchObject([
    { params: { notifications: {} } },
    { id: 7, result: { resultType: "complete", _meta: { [ID]: 7 } } },
  ]);
  expect(closed()).toBe(1);
});

test.each([
  {},
  { notifications: [] },
  { notifications: { toolsListChanged: "yes" } },
  { notifications: { resourceSubscriptions: "x:a" } },
  { notifications: { resourceSubscriptions: [1] } },
])("refuses the filter %j", async (params) => {
  const { live } = createWorld();
  const listening = { caller: testCaller(), scope: ALL, id: 1, params };
  const refused = live.listen({ ...listening, send: unwanted, close: unwanted });
  await expect(refused).rejects.toMatchObject({ code: "invalid_params" });
});

test("has the backends listen before it acknowledges", async () => {
  const world = createWorld();
  await world.listen({ toolsListChanged: true, resourceSubscriptions: ["x:a"] });
  expect([...world.backends.attending]).toMatchObject([
    ["one", { listener: "user-1", role: "shared", uris: ["x:a"], messages: false }],
    ["two", { uris: [] }],
  ]);
});

test("does not wait longer than 1.5 s for a backend that hangs", async () => {
  const world = createWorld();
  world.backends.hanging.add("one");
  const listening = world.listen({ toolsListChanged: true });
  await world.clock.advance(1_500);
  expect((await listening).sent.length).toBe(1);
});

test("attends only the backends of who listens, until nobody does", async () => {
  const world = createWorld();
  const blind = testCaller({ policyId: "blind" });
  const first = await world.listen({ toolsListChanged: true }, blind);
  expect([...world.backends.attending.keys()]).toEqual(["two"]);
  const second = await world.listen({ toolsListChanged: true, resourceSubscriptions: ["x:a"] });
  expect(world.backends.attending.size).toBe(2);
  second.stop();
  await world.clock.advance(0);
  expect([...world.backends.attending.keys()]).toEqual(["two"]);
  first.stop();
  await world.clock.advance(60_000);
  expect([world.backends.attending.size, world.clock.waiting()]).toEqual([0, 0]);
});

test("says nothing more to a stream that is over", async () => {
  const world = createWorld();
  const { sent, stop } = await world.listen({ toolsListChanged: true });
  stop();
  await world.changeTools("b");
  expect(sent.length).toBe(1);
});

test("tells a legacy session on its stream what it subscribed to before it had one", async () => {
  const world = createWorld();
  const heard: unknown[] = [];
  const watcher = { key: "session-1", caller: testCaller(), scope: ALL };
  await world.live.subscribe(watcher, "x:a");
  await world.live.open({
    ...watcher,
    lists: new Set(["tools"]),
    deliver: (message) => heard.push(message),
  });
  world.live.heard("one", update("x:a"));
  await world.live.unsubscribe("session-1", "x:a");
  world.live.heard("one", update("x:a"));
  await world.clock.advance(2_000);
  expect(heard).toEqual([update("x:a")]);
});

test("goes on hearing what changed when a session opens another stream", async () => {
  const world = createWorld();
  const heard: unknown[] = [];
  const listener = {
    key: "session-1",
    caller: testCaller(),
    scope: ALL,
    lists: new Set(["tools"] as const),
    deliver: ({ method }: JsonObject) => heard.push(method),
  };
  await world.live.open(listener);
  const changed = world.changeTools("b");
  await world.live.open(listener);
  await changed;
  expect(heard).toEqual(["notifications/tools/list_changed"]);
});

test("takes only what it hears of changes for its own", () => {
  const { live } = createWorld();
  expect(live.heard("one", { method: "notifications/tools/list_changed" })).toBe(true);
  expect(live.heard("one", { method: "notifications/message", params: {} })).toBe(false);
  expect(live.heard("one", { id: 1, method: "roots/list" })).toBe(false);
});

test("opens 500 streams for one user", async () => {
  const { live } = createWorld();
  const listener = { key: "k", caller: testCaller(), scope: ALL, lists: new Set<never>() };
  const open = () => live.open({ ...listener, deliver: unwanted });
  for (let count = 0; count < 500; count += 1) await open();
  await expect(open()).rejects.toMatchObject({ code: "rate_limited" });
});

function update(uri: string): JsonObject {
  return { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } };
}

function unwanted(): void {
  throw new TypeError("nothing is to be sent");
}
