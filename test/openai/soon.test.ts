import { expect, test } from "vitest";
import type { Answering } from "../../src/chat/answering.ts";
import { textEvent } from "../../src/chat/chat-event.ts";
import type { After } from "../../src/core/patience.ts";
import { beginSoon, soon } from "../../src/openai/soon.ts";

/** The wait is over at once, however long it was to be. */
const atOnce: After = (_ms, callback) => {
  callback();
  return () => {};
};
const never: After = () => () => {};

const ANSWER: Answering = {
  run: async (sink) => sink([textEvent("hi")]),
  mayBeRepeated: () => true,
};

async function textOf(answering: Answering): Promise<string> {
  let text = "";
  await answering.run((events) => {
    text += JSON.stringify(events);
  });
  return text;
}

test("waits for what begins soon, and fails as it fails", async () => {
  expect(await soon(Promise.resolve("value"), never)).toBe("value");
  expect(await beginSoon(Promise.resolve(ANSWER), never)).toBe(ANSWER);
  const failing = Promise.reject(new Error("refused"));
  await expect(soon(failing, never)).rejects.toThrow("refused");
});

test("goes on without what takes longer, and tells it when it comes", async () => {
  const { promise, resolve } = Promise.withResolvers<Answering>();
  const answering = await beginSoon(promise, atOnce);
  const told = textOf(answering);
  resolve(ANSWER);
  expect(await told).toContain("hi");
});

test("tells in the answer what failed after it had been gone on without", async () => {
  const { promise, reject } = Promise.withResolvers<Answering>();
  const answering = await beginSoon(promise, atOnce);
  reject(new Error("refused late"));
  await expect(textOf(answering)).rejects.toThrow("refused late");
});
