import { expect, test } from "vitest";
import { HeardMessages } from "../../src/backends/heard-messages.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createManualClock, settled } from "../support/manual-clock.ts";

type Tell = (listener: string, message: JsonObject) => Promise<JsonObject | undefined>;

function createWorld(tell: Tell) {
  const clock = createManualClock();
  const replies: JsonObject[] = [];
  const heard = new HeardMessages({
    attending: () =>
      ["ann", "ben"].map((listener) => ({ listener, uris: ["a:1", "a:2"], messages: true })),
    isOneUsers: () => true,
    capabilities: () => ({ roots: {} }),
    onListChanged: () => {},
    tell,
    after: clock.after,
  });
  const hear = (message: JsonObject): Promise<void> =>
    heard.hear(message, async (reply) => void replies.push(reply));
  return { clock, replies, hear };
}

const updated = (uri: string): JsonObject => ({
  jsonrpc: "2.0",
  method: "notifications/resources/updated",
  params: { uri },
});
const QUESTION = { jsonrpc: "2.0", id: "q", method: "roots/list" };

test("tells a listener what comes next when it hangs, and others at once", async () => {
  const told: unknown[] = [];
  const { clock, hear } = createWorld((listener, { params }) => {
    told.push([listener, params]);
    return listener === "ann" ? new Promise(() => {}) : Promise.resolve(undefined);
  });
  await hear(updated("a:1"));
  await hear(updated("a:2"));
  await settled();
  expect(told).toEqual([
    ["ann", { uri: "a:1" }],
    ["ben", { uri: "a:1" }],
    ["ben", { uri: "a:2" }],
  ]);
  await clock.advance(10_000);
  expect(told.at(-1)).toEqual(["ann", { uri: "a:2" }]);
});

test("goes on telling a listener that throws", async () => {
  const told: unknown[] = [];
  const { hear, replies } = createWorld(async (listener, { params }) => {
    if (listener === "ann") told.push(params);
    throw new Error("not here");
  });
  await hear(updated("a:1"));
  await hear(updated("a:2"));
  await settled();
  expect(told).toEqual([{ uri: "a:1" }, { uri: "a:2" }]);
  await hear(QUESTION);
  expect(replies).toMatchObject([{ id: "q", error: { code: -32_601 } }]);
});

test("waits ten minutes for an answer", async () => {
  const { clock, hear, replies } = createWorld(() => new Promise(() => {}));
  void hear(QUESTION);
  await clock.advance(10 * 60_000 - 1);
  expect(replies).toEqual([]);
  await clock.advance(1);
  expect(replies).toMatchObject([{ id: "q", error: { message: "Nobody answered in time" } }]);
  expect(clock.waiting()).toBe(0);
});

test("answers no question that the backend takes back", async () => {
  const { hear, replies } = createWorld(() => new Promise(() => {}));
  void hear(QUESTION);
  await hear({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: "q" },
  });
  await settled();
  expect(replies).toEqual([]);
});

test.each([
  ["one id", () => "q"],
  ["many ids", (index: number) => `q${index}`],
])("puts no more questions to a person than a conversation has, under %s", async (_, idOf) => {
  let asked = 0;
  const { hear, replies } = createWorld((_listener, { method }) => {
    if (method === "roots/list") asked += 1;
    return new Promise(() => {});
  });
  for (let index = 0; index < 100; index += 1) void hear({ ...QUESTION, id: idOf(index) });
  await settled();
  expect([asked, replies.length]).toEqual([20, 80]);
});
