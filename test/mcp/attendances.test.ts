import { expect, test } from "vitest";
import { Attendances, type Wanted } from "../../src/mcp/attendances.ts";
import { createAttendedBackends, orderFor } from "../support/attended-backends.ts";
import { createManualClock, settled } from "../support/manual-clock.ts";

function wanted(object: string, uris: readonly string[] = [], configVersion = 1): Wanted {
  const order = orderFor(object, configVersion);
  return { object, order, role: "shared", uris, messages: false };
}

function createWorld() {
  const clock = createManualClock();
  const backends = createAttendedBackends();
  const { backend } = backends;
  const attendances = new Attendances({ listener: "user-1", backend, after: clock.after });
  return { clock, backends, attendances };
}

test("tells an object what all who listen want together, and no more than once", async () => {
  const { backends, attendances } = createWorld();
  await attendances.want("a", [wanted("one", ["x:1"])]);
  await attendances.want("b", [wanted("one", ["x:2", "x:1"])]);
  await attendances.want("c", [wanted("one", ["x:1"])]);
  expect(backends.attending.get("one")).toMatchObject({
    listener: "user-1",
    uris: ["x:1", "x:2"],
  });
  expect(backends.log).toEqual(["attend one", "attend one"]);
});

test("leaves when nobody wants anything any more", async () => {
  const { clock, backends, attendances } = createWorld();
  await attendances.want("a", [wanted("one"), wanted("two")]);
  await attendances.want("a", [wanted("two")]);
  await attendances.want("a", []);
  expect([...backends.attending.keys()]).toEqual([]);
  await clock.advance(60_000);
  expect(backends.log).toEqual(["attend one", "attend two", "leave one", "leave two"]);
  expect(clock.waiting()).toBe(0);
});

test("renews every 15 s", async () => {
  const { clock, backends, attendances } = createWorld();
  await attendances.want("a", [wanted("one")]);
  await clock.advance(45_000);
  expect(backends.log.length).toBe(4);
});

test("asks five objects at the same time at most", async () => {
  const { backends, attendances, clock } = createWorld();
  const all = Array.from({ length: 50 }, (_, index) => wanted(`b${index}`));
  await attendances.want("a", all);
  await clock.advance(15_000);
  expect([backends.log.length, backends.mostAtOnce]).toEqual([100, 5]);
});

test("does not let one that hangs hold up the others", async () => {
  const { clock, backends, attendances } = createWorld();
  for (let index = 0; index < 6; index += 1) backends.hanging.add(`b${index}`);
  void attendances.want(
    "a",
    Array.from({ length: 7 }, (_, index) => wanted(`b${index}`)),
  );
  await clock.advance(5_000);
  expect([...backends.attending.keys()]).toEqual(["b6"]);
});

test("tries again what was refused with the next renewal", async () => {
  const { clock, backends, attendances } = createWorld();
  backends.refusing.add("one");
  await attendances.want("a", [wanted("one")]);
  expect(backends.log.length).toBe(1);
  backends.refusing.clear();
  await clock.advance(15_000);
  expect([...backends.attending.keys()]).toEqual(["one"]);
});

test("takes a new version of the config alone for nothing new", async () => {
  const { backends, attendances } = createWorld();
  await attendances.want("a", [wanted("one", [], 1)]);
  await attendances.want("a", [wanted("one", [], 2)]);
  expect(backends.log.length).toBe(1);
});

test("ends with what was wanted last, whatever was under way", async () => {
  const { backends, attendances } = createWorld();
  void attendances.want("a", [wanted("one", ["x:1"])]);
  void attendances.want("a", []);
  void attendances.want("a", [wanted("one", ["x:2"])]);
  await settled();
  expect(backends.attending.get("one")?.uris).toEqual(["x:2"]);
  void attendances.want("a", [wanted("one", ["x:3"])]);
  await Promise.resolve();
  await attendances.want("a", []);
  expect(backends.attending.size).toBe(0);
});
