import { afterEach, expect, test, vi } from "vitest";
import { GatewayError } from "../../src/core/errors.ts";
import { asStream, type StreamedAnswer } from "../../src/openai/as-stream.ts";
import type { Answering } from "../../src/chat/answering.ts";
import { textEvent } from "../../src/chat/chat-event.ts";
import { openSseWriter } from "../../src/openai/sse-writer.ts";
import { firstChoice, readStream } from "./openai-replies.ts";

afterEach(() => {
  vi.useRealTimers();
});

const HEAD = { id: "chatcmpl-1", created: 1, model: "mcp-gateway" };
const PLAIN: StreamedAnswer = { head: HEAD, includeUsage: false, progress: "none" };
const USAGE = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };

function answer(run: Answering["run"]): Answering {
  return { run, mayBeRepeated: () => true };
}

function say(...texts: readonly string[]): Answering {
  return answer(async (sink) => {
    for (const text of texts) await sink([textEvent(text)]); // oxlint-disable-line no-await-in-loop
    await sink([{ kind: "finish", reason: "stop", usage: USAGE, turns: 1 }]);
  });
}

function fail(error: Error): Answering {
  return answer(async (sink) => {
    await sink([textEvent("half")]);
    throw error;
  });
}

function streamOf(
  answering: Answering,
  how: StreamedAnswer = PLAIN,
  onLeft: () => void = () => {},
): ReadableStream<Uint8Array> {
  const writer = openSseWriter(onLeft);
  void asStream(answering, how, writer);
  return writer.readable;
}

async function readEvents(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const decoder = new TextDecoder();
  const events: string[] = [];
  for await (const bytes of stream) events.push(decoder.decode(bytes));
  return events;
}

test("tells role, text, end and [DONE] under one head", async () => {
  const { chunks, text, last } = await readStream({ body: streamOf(say("a", "b")) });
  expect(text).toBe("ab");
  expect(last).toBe("[DONE]");
  expect(chunks.map((chunk) => [chunk["id"], chunk["created"], chunk["model"]])).toEqual(
    chunks.map(() => ["chatcmpl-1", 1, "mcp-gateway"]),
  );
  expect(
    chunks.map(firstChoice).map((choice) => [choice["delta"], choice["finish_reason"]]),
  ).toEqual([
    [{ role: "assistant", content: "", refusal: null }, null],
    [{ content: "a" }, null],
    [{ content: "b" }, null],
    [{}, "stop"],
  ]);
});

test("ends with usage only when it was asked for", async () => {
  const { chunks } = await readStream({
    body: streamOf(say("one two three"), { ...PLAIN, includeUsage: true }),
  });
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: USAGE,
  });
  expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
  const plain = await readStream({ body: streamOf(say("x")) });
  expect(plain.chunks.some((chunk) => "usage" in chunk)).toBe(false);
});

test("writes whole events only, however large the text", async () => {
  const text = `${"a😀ü\n".repeat(300_000)}end`;
  const events = (await readEvents(streamOf(say(text)))).join("").split(/(?<=\n\n)/);
  expect(events.every((event) => /^data: [^\n]*\n\n$/.test(event))).toBe(true);
  const read = await readStream({ body: streamOf(say(text)) });
  expect(read.longestLine).toBeLessThan(16 * 1024);
  expect(read.text === text).toBe(true); // a difference of a megabyte says nothing
});

test("loses no event of ten thousand", async () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => `${index} `);
  const { text } = await readStream({ body: streamOf(say(...texts)) });
  expect(text).toBe(texts.join(""));
});

test("says that it lives while a tool runs", async () => {
  vi.useFakeTimers();
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const slow = answer(async (sink) => {
    await finished;
    await sink([textEvent("late")]);
  });
  const reader = streamOf(slow).getReader();
  const read = async (): Promise<string> =>
    new TextDecoder().decode((await reader.read()).value ?? new Uint8Array());
  for (let round = 0; round < 3; round += 1) {
    const next = read();
    // One after the other, as time passes.
    // oxlint-disable-next-line no-await-in-loop
    await vi.advanceTimersByTimeAsync(15_000);
    // oxlint-disable-next-line no-await-in-loop
    expect(await next).toBe(": keep-alive\n\n");
  }
  finish();
  expect(await read()).toMatch(/keep-alive|late/);
});

test("tells whoever answers that the client has hung up", async () => {
  const left = Promise.withResolvers<void>();
  const reader = streamOf(say("a", "b"), PLAIN, left.resolve).getReader();
  await reader.read();
  await reader.cancel();
  await left.promise;
});

test("ends with an error event when it fails under way", async () => {
  const { chunks, last, text } = await readStream({
    body: streamOf(
      fail(new GatewayError("unavailable", "Cannot answer: storage is not reachable")),
    ),
  });
  expect(text).toBe("half");
  expect(last).toBe("[DONE]");
  expect(chunks.at(-1)).toEqual({
    error: {
      message: "Cannot answer: storage is not reachable",
      type: "server_error",
      param: null,
      code: "service_unavailable",
    },
  });
});

test("keeps what we did not throw to itself", async () => {
  const events = await readEvents(streamOf(fail(new Error("secret inside"))));
  expect(events.join("")).toContain("internal error");
  expect(events.join("")).not.toContain("secret inside");
});
