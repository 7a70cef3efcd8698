import { expect, test } from "vitest";
import { PendingReplies } from "../../src/backends/pending-replies.ts";
import type { JsonObject } from "../../src/core/json.ts";

const NOBODYS = { signal: undefined, userId: undefined };
const ANSWER = { jsonrpc: "2.0", id: 1, result: {} };

function progress(length: number): JsonObject {
  const params = { progressToken: 1, progress: 1, message: "x".repeat(length) };
  return { jsonrpc: "2.0", method: "notifications/progress", params };
}

function say(replies: PendingReplies, message: JsonObject): void {
  replies.deliver(JSON.stringify(message), message);
}

function startCall() {
  const replies = new PendingReplies(false);
  const reply = replies.expect({ jsonrpc: "2.0", id: 1, method: "tools/call" }, NOBODYS);
  if (reply === undefined) throw new TypeError("a call has an answer");
  return { replies, response: reply.response };
}

test("brings what is said in the middle of a call before its answer", async () => {
  const { replies, response } = startCall();
  for (let message = 0; message < 3; message += 1) say(replies, progress(1_000_000));
  say(replies, ANSWER);
  const text = await (await response).text();
  expect(text.split("notifications/progress")).toHaveLength(4);
  expect(text).toContain('"result"');
  expect(replies.isEmpty).toBe(true);
});

test("ends a call in whose middle more is said than anybody reads", async () => {
  const { replies, response } = startCall();
  for (let message = 0; message < 50; message += 1) say(replies, progress(1_000_000));
  expect(replies.isEmpty).toBe(true);
  say(replies, ANSWER);
  const text = await (await response).text();
  expect(text.length).toBeLessThan(10_000_000);
  expect(text).not.toContain('"result"');
});
