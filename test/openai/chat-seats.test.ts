import { expect, test } from "vitest";
import { afterTimeout } from "../../src/core/patience.ts";
import { createInFlight } from "../../src/gateway/limits.ts";
import { answerSeated } from "../../src/openai/chat-seats.ts";

const context = {
  signal: new AbortController().signal,
  after: afterTimeout,
  requestId: "1",
  headers: new Headers(),
  waitUntil: () => {},
};

test("gives a user's place back when its last byte is written, or at once on a failure", async () => {
  const chats = createInFlight();
  const who = { chats, userId: "key", context };
  const writers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      await answerSeated(who, async ({ waitUntil }) => {
        waitUntil(promise);
        return new Response("begun");
      });
      return resolve;
    }),
  );
  await expect(answerSeated(who, async () => new Response())).rejects.toMatchObject({
    code: "rate_limited",
  });
  await answerSeated({ ...who, userId: "other" }, async () => new Response());
  writers[0]?.();
  await expect
    .poll(() => answerSeated(who, async () => new Response("ok")))
    .toBeInstanceOf(Response);
  await answerSeated(who, async () => Promise.reject(new Error("no answer"))).catch(() => {});
  await expect
    .poll(() => answerSeated(who, async () => new Response("ok")))
    .toBeInstanceOf(Response);
});
