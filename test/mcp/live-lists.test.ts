import { expect, test } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { ALL, type Fingerprint } from "../../src/gateway/gateway.ts";
import { CHANGING_LISTS, type LiveListener } from "../../src/mcp/live-listener.ts";
import { LiveLists } from "../../src/mcp/live-lists.ts";
import { PendingWatches } from "../../src/core/pending-watches.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testCaller } from "../support/test-caller.ts";

/** A registry and what each policy sees of it, in the tester's hands. */
function createWorld() {
  const clock = createManualClock();
  const watches = new PendingWatches(clock.after);
  let change = 1;
  const shown = new Map<string, Partial<Fingerprint>>();
  const world = {
    clock,
    watches,
    asked: 0,
    failing: undefined as Error | undefined,
    /** From now on callers of this policy see something else. */
    async show(policyId: string, fingerprint: Partial<Fingerprint>, forMs = 300) {
      shown.set(policyId, { ...shown.get(policyId), ...fingerprint });
      change += 1;
      watches.wake();
      await clock.advance(forMs);
    },
    lists: new LiveLists({
      after: clock.after,
      now: clock.now,
      onChange: () => {},
      async watch(known) {
        world.asked += 1;
        if (world.failing !== undefined) throw world.failing;
        if (known === change) await watches.wait();
        return change;
      },
      async fingerprint({ policyId }) {
        if (world.failing !== undefined) throw world.failing;
        if (shown.get(policyId)?.tools === "gone") {
          throw new GatewayError("not_found", 'Cannot find backend "one"');
        }
        return { change, tools: "a", prompts: "a", resources: "a", ...shown.get(policyId) };
      },
    }),
  };
  return world;
}

function listen(
  caller: Caller = testCaller(),
  lists: LiveListener["lists"] = new Set(CHANGING_LISTS),
) {
  const heard: unknown[] = [];
  const listener: LiveListener = {
    key: "k",
    caller,
    scope: ALL,
    lists,
    deliver: ({ method }: JsonObject) => heard.push(method),
  };
  return { listener, heard };
}

test("tells of each list that has changed and of no other", async () => {
  const { lists, show } = createWorld();
  const { listener, heard } = listen();
  await lists.add(listener);
  await show("full", { tools: "b", resources: "b" });
  expect(heard).toEqual([
    "notifications/tools/list_changed",
    "notifications/resources/list_changed",
  ]);
});

test("tells only of the lists a client wants", async () => {
  const { lists, show } = createWorld();
  const { listener, heard } = listen(testCaller(), new Set(["prompts"]));
  await lists.add(listener);
  await show("full", { tools: "b" });
  await show("full", { prompts: "b" });
  expect(heard).toEqual(["notifications/prompts/list_changed"]);
});

test("tells nobody of what they do not see", async () => {
  const { lists, show } = createWorld();
  const [seeing, blind] = [listen(), listen(testCaller({ policyId: "other" }))];
  await lists.add(seeing.listener);
  await lists.add(blind.listener);
  await show("full", { tools: "b" });
  expect([seeing.heard.length, blind.heard.length]).toEqual([1, 0]);
});

test("tells at most once a second and never loses the last change", async () => {
  const { lists, show, clock } = createWorld();
  const times: number[] = [];
  await lists.add({ ...listen().listener, deliver: () => times.push(clock.now()) });
  for (let round = 0; round < 30; round += 1) await show("full", { tools: `b${round}` }, 100);
  const lastChange = clock.now();
  await clock.advance(60_000);
  expect(times.length).toBeLessThanOrEqual(5);
  expect(times.every((time, index) => time - (times[index - 1] ?? -1_000) >= 1_000)).toBe(true);
  expect(times.at(-1)).toBeGreaterThanOrEqual(lastChange);
});

test("hears of a change that came while nobody could ask", async () => {
  const world = createWorld();
  const { listener, heard } = listen();
  await world.lists.add(listener);
  world.failing = new GatewayError("unavailable", "Cannot answer: storage is not reachable");
  await world.show("full", { tools: "b" });
  await world.clock.advance(60_000);
  expect(world.asked).toBeLessThan(15);
  world.failing = undefined;
  await world.clock.advance(10_000);
  expect(heard).toEqual(["notifications/tools/list_changed"]);
});

test("looks again while a listing is missing", async () => {
  const { lists, show, clock } = createWorld();
  const { listener, heard } = listen();
  await lists.add(listener);
  await show("full", { change: -1 });
  await show("full", { change: 3, tools: "b" });
  await clock.advance(2_000);
  expect(heard).toEqual(["notifications/tools/list_changed"]);
});

test("takes an endpoint that is gone for a change, and one that is back for another", async () => {
  const { lists, show, clock } = createWorld();
  const { listener, heard } = listen(testCaller(), new Set(["tools"]));
  await lists.add(listener);
  await show("full", { tools: "gone" });
  await clock.advance(1_000);
  await show("full", { tools: "a" });
  expect(heard.length).toBe(2);
});

test("stops when the last listener has gone", async () => {
  const { lists, clock, watches } = createWorld();
  const { listener } = listen();
  await lists.add(listener);
  await clock.advance(100_000);
  lists.remove(listener);
  await clock.advance(21_000);
  expect([watches.size, clock.waiting()]).toEqual([0, 0]);
});

test("asks seldom where it is turned away", async () => {
  const world = createWorld();
  const { listener } = listen();
  await world.lists.add(listener);
  const turnAway = setInterval(() => world.watches.wake(), 1);
  await world.clock.advance(50_000);
  clearInterval(turnAway);
  expect(world.asked).toBeLessThan(15);
});
