import { afterEach, expect, test, vi } from "vitest";
import { GatewayError } from "../../src/core/errors.ts";
import { asStream, type StreamedAnswer } from "../../src/openai/as-stream.ts";
import type { ChatEvent } from "../../src/openai/chat-event.ts";
import { wordUsage } from "../../src/openai/word-usage.ts";
import { firstChoice, readStream } from "./openai-replies.ts";

afterEach(() => {
  vi.useRealTimers();
});

const HEAD = { id: "chatcmpl-1", created: 1, model: "mcp-gateway" };
const PLAIN: StreamedAnswer = { head: HEAD, usageOf: undefined };

async function* say(...texts: readonly string[]): AsyncGenerator<ChatEvent> {
  for (const text of texts) yield { kind: "text", text };
}

async function* fail(error: Error): AsyncGenerator<ChatEvent> {
  yield { kind: "text", text: "half" };
  throw error;
}

async function readEvents(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const decoder = new TextDecoder();
  const events: string[] = [];
  for await (const bytes of stream) events.push(decoder.decode(bytes));
  return events;
}

test("tells role, text, end and [DONE] under one head", async () => {
  const { chunks, text, last } = await readStream({ body: asStream(() => say("a", "b"), PLAIN) });
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
    body: asStream(() => say("one two three"), {
      head: HEAD,
      usageOf: (answer) => wordUsage(["two words"], answer),
    }),
  });
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
  });
  expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
  const plain = await readStream({ body: asStream(() => say("x"), PLAIN) });
  expect(plain.chunks.some((chunk) => "usage" in chunk)).toBe(false);
});

test("writes each event whole and alone, however large the text", async () => {
  const text = `${"a😀ü\n".repeat(300_000)}end`;
  const events = await readEvents(asStream(() => say(text), PLAIN));
  expect(events.every((event) => /^data: [^\n]*\n\n$/.test(event))).toBe(true);
  const read = await readStream({ body: asStream(() => say(text), PLAIN) });
  expect(read.longestLine).toBeLessThan(16 * 1024);
  expect(read.text === text).toBe(true); // a difference of a megabyte says nothing
});

test("loses no event of ten thousand", async () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => `${index} `);
  const { text } = await readStream({ body: asStream(() => say(...texts), PLAIN) });
  expect(text).toBe(texts.join(""));
});

test("says that it lives while a tool runs", async () => {
  vi.useFakeTimers();
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<ChatEvent> {
    await finished;
    yield { kind: "text", text: "late" };
  }
  const reader = asStream(slow, PLAIN).getReader();
  const read = async (): Promise<string> =>
    new TextDecoder().decode((await reader.read()).value ?? new Uint8Array());
  expect(await read()).toContain('"role":"assistant"');
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

test("cancels what runs when the client hangs up", async () => {
  let signal: AbortSignal | undefined;
  const stream = asStream((given) => {
    signal = given;
    return say("a", "b");
  }, PLAIN);
  const reader = stream.getReader();
  await reader.read();
  expect(signal?.aborted).toBe(false);
  await reader.cancel();
  expect(signal?.aborted).toBe(true);
});

test("ends with an error event when it fails under way", async () => {
  const { chunks, last, text } = await readStream({
    body: asStream(
      () => fail(new GatewayError("unavailable", "Cannot answer: storage is not reachable")),
      PLAIN,
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
  const events = await readEvents(asStream(() => fail(new Error("secret inside")), PLAIN));
  expect(events.join("")).toContain("internal error");
  expect(events.join("")).not.toContain("secret inside");
});
