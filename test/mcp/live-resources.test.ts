import { expect, test } from "vitest";
import { GatewayError } from "../../src/core/errors.ts";
import { ALL, type ResourceOwner } from "../../src/gateway/gateway.ts";
import type { Wanted } from "../../src/mcp/attendances.ts";
import type { LiveListener } from "../../src/mcp/live-listener.ts";
import { LiveResources, type Watcher } from "../../src/mcp/live-resources.ts";
import { orderFor } from "../support/attended-backends.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testCaller } from "../support/test-caller.ts";

const WATCHER: Watcher = { key: "session-1", caller: testCaller(), scope: ALL };

/** One backend "erp" whose resources are all there, until they are hidden. */
function createWorld(backend: Partial<ResourceOwner> = {}) {
  const clock = createManualClock();
  const attended = new Map<string, readonly Wanted[]>();
  const world = {
    clock,
    hidden: false,
    attended,
    resources: new LiveResources({
      async owner(_caller, _scope, uri) {
        if (world.hidden) throw new GatewayError("not_found", "Unknown resource");
        if (uri.startsWith("silent:")) return undefined;
        const own = uri.replace("ui://erp/", "ui://");
        return { order: orderFor("erp"), sessionful: false, uri: own, ...backend };
      },
      attendances: { want: async (who, wanted) => void attended.set(who, wanted) },
      after: clock.after,
    }),
    uris: () => [...attended.values()].flat().map(({ object, uris }) => ({ object, uris })),
  };
  return world;
}

function listen(watcher: Watcher = WATCHER) {
  const heard: unknown[] = [];
  const listener: LiveListener = {
    ...watcher,
    lists: new Set(),
    deliver: ({ method, params }) => heard.push({ method, params }),
  };
  return { listener, heard };
}

const updated = (uri: string) => ({ method: "notifications/resources/updated", params: { uri } });

test("tells of an updated resource those who watch it and nobody else", async () => {
  const { resources } = createWorld();
  const [watching, other] = [listen(), listen({ ...WATCHER, key: "session-2" })];
  await resources.watch(WATCHER, "x:a");
  await resources.open(watching.listener);
  await resources.open(other.listener);
  resources.updated("erp", "x:a");
  resources.updated("erp", "x:b");
  resources.updated("crm", "x:a");
  expect(watching.heard).toEqual([updated("x:a")]);
  expect(other.heard).toEqual([]);
});

test("tells a session with two streams once, on the newest that is open", async () => {
  const { resources, clock } = createWorld();
  const [first, second] = [listen(), listen()];
  await resources.watch(WATCHER, "x:a");
  await resources.open(first.listener);
  await resources.open(second.listener);
  resources.updated("erp", "x:a");
  expect([first.heard.length, second.heard.length]).toEqual([0, 1]);
  await resources.close(second.listener);
  await clock.advance(1_000);
  resources.updated("erp", "x:a");
  expect([first.heard.length, second.heard.length]).toEqual([1, 1]);
});

test("uses the name the backend knows and answers under the one the client knows", async () => {
  const { resources, uris } = createWorld();
  const { listener, heard } = listen();
  await resources.open(listener);
  await resources.watch(WATCHER, "ui://erp/page");
  expect(uris()).toEqual([{ object: "erp", uris: ["ui://page"] }]);
  resources.updated("erp", "ui://page");
  resources.updated("erp", "ui://page/part");
  resources.updated("erp", "ui://pages");
  expect(heard).toEqual([updated("ui://erp/page")]);
});

test("tells of a part of a watched resource", async () => {
  const { resources, clock } = createWorld();
  const { listener, heard } = listen();
  await resources.open(listener);
  await resources.watch(WATCHER, "x:a");
  resources.updated("erp", "x:a/1");
  resources.updated("erp", "x:a/2");
  resources.updated("erp", "x:a/3");
  await clock.advance(1_000);
  expect(heard).toEqual([updated("x:a/1"), updated("x:a")]);
});

test("tells of one resource at most once a second, and of the last change too", async () => {
  const { resources, clock } = createWorld();
  const { listener, heard } = listen();
  await resources.open(listener);
  await resources.watch(WATCHER, "x:a");
  for (let count = 0; count < 1_000; count += 1) resources.updated("erp", "x:a");
  expect(heard.length).toBe(1);
  await clock.advance(5_000);
  expect(heard.length).toBe(2);
});

test("attends the user's own session where the backend keeps one for each user", async () => {
  const { resources, attended } = createWorld({ sessionful: true });
  await resources.open(listen().listener);
  await resources.watch(WATCHER, "x:a");
  expect([...attended.values()].flat()).toMatchObject([{ object: "erp/user-1", role: "session" }]);
});

test("attends nothing while no stream is open, and again with the next one", async () => {
  const { resources, uris } = createWorld();
  const { listener } = listen();
  await resources.watch(WATCHER, "x:a");
  expect(uris()).toEqual([]);
  await resources.open(listener);
  expect(uris()).toEqual([{ object: "erp", uris: ["x:a"] }]);
  await resources.close(listener);
  expect(uris()).toEqual([]);
  await resources.open(listener);
  await resources.unwatch(WATCHER.key, "x:a");
  expect(uris()).toEqual([]);
});

test("says the same of a hidden resource as reading it does", async () => {
  const world = createWorld();
  world.hidden = true;
  await expect(world.resources.watch(WATCHER, "x:a")).rejects.toMatchObject({ code: "not_found" });
  world.hidden = false;
  await expect(world.resources.watch(WATCHER, "silent:a")).rejects.toMatchObject({
    code: "invalid_params",
  });
});

test("says nothing of a resource that its caller may not see any more", async () => {
  const world = createWorld();
  const { listener, heard } = listen();
  await world.resources.open(listener);
  await world.resources.watch(WATCHER, "x:a");
  world.hidden = true;
  await world.resources.refresh();
  world.resources.updated("erp", "x:a");
  expect([heard, world.uris()]).toEqual([[], []]);
  world.hidden = false;
  await world.resources.refresh();
  world.resources.updated("erp", "x:a");
  expect(heard).toEqual([updated("x:a")]);
});

test("watches 100 resources for one client", async () => {
  const { resources } = createWorld();
  const uris = Array.from({ length: 101 }, (_, index) => `x:${index}`);
  expect((await resources.restore(WATCHER, uris)).length).toBe(100);
  await resources.open(listen().listener);
  await expect(resources.watch(WATCHER, "x:new")).rejects.toMatchObject({ code: "rate_limited" });
  await resources.watch(WATCHER, "x:1");
});

test("watches 1,000 resources for one user, and forgets first who has no stream", async () => {
  const { resources } = createWorld();
  const uris = Array.from({ length: 100 }, (_, index) => `x:${index}`);
  const watchers = Array.from({ length: 10 }, (_, index) => ({ ...WATCHER, key: `s${index}` }));
  for (const watcher of watchers) await resources.restore(watcher, uris);
  await resources.watch(WATCHER, "x:new");
  for (const watcher of watchers.slice(1)) await resources.open(listen(watcher).listener);
  await resources.open(listen().listener);
  await resources.restore(WATCHER, uris);
  const late = { ...WATCHER, key: "late" };
  await expect(resources.watch(late, "x:new")).rejects.toMatchObject({ code: "rate_limited" });
});

test("looks again for what is watched when a session goes on under other rules", async () => {
  const world = createWorld();
  await world.resources.watch(WATCHER, "x:a");
  await world.resources.open(listen().listener);
  world.hidden = true;
  const { listener, heard } = listen({ ...WATCHER, caller: testCaller({ policyId: "narrower" }) });
  await world.resources.open(listener);
  world.resources.updated("erp", "x:a");
  expect(heard).toEqual([]);
  expect(world.uris()).toEqual([]);
});
