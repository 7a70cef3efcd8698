import { expect, test } from "vitest";
import { gatherAnswer, type Heard } from "../../src/llm/llm-tools-answer.ts";
import { createProgress } from "../../src/llm/llm-tools-progress.ts";
import type { TurnEvent, TurnEvents } from "../../src/llm/turn.ts";

const HEAD: TurnEvent = { kind: "head", head: { id: "chat-1", created: 7, model: "m" } };

function reads(...events: (readonly TurnEvent[])[]): TurnEvents {
  return {
    forEach: async (take) => {
      for (const read of events) await take(read); // oxlint-disable-line no-await-in-loop
    },
  };
}

const says = (content: string): TurnEvent => ({ kind: "delta", delta: { content } });

test("puts a turn together as one chat completion", async () => {
  const heard: Heard[] = [];
  const completion = await gatherAnswer(
    reads(
      [HEAD, { kind: "delta", delta: { reasoning_content: "Hm" } }],
      [says("Hel"), says("lo")],
      [{ kind: "finish", reason: "length" }],
      [{ kind: "usage", usage: { total_tokens: 3 } }],
    ),
    (one) => heard.push(one),
  );
  expect(completion).toEqual({
    id: "chat-1",
    object: "chat.completion",
    created: 7,
    model: "m",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello", reasoning_content: "Hm" },
        finish_reason: "length",
      },
    ],
    usage: { total_tokens: 3 },
  });
  expect(heard).toEqual([
    { text: "", characters: 2 },
    { text: "Hello", characters: 7 },
  ]);
});

test("returns the calls of a model in their order, whatever came first", async () => {
  const completion = await gatherAnswer(
    reads([
      HEAD,
      { kind: "call", part: { position: 1, id: "b", name: "two" } },
      { kind: "call", part: { position: 0, id: "a", name: "one", argumentText: '{"x"' } },
      { kind: "call", part: { position: 0, argumentText: ":1}" } },
      { kind: "finish", reason: "tool_calls" },
    ]),
    () => {},
  );
  expect(completion["choices"]).toMatchObject([
    {
      message: {
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "one", arguments: '{"x":1}' } },
          { id: "b", type: "function", function: { name: "two", arguments: "" } },
        ],
      },
      finish_reason: "tool_calls",
    },
  ]);
});

test("gives up on a model that never stops talking", async () => {
  const much = says("x".repeat(1_024 * 1_024));
  await expect(
    gatherAnswer(reads([HEAD], [much, much], [much, much], [says("x")]), () => {}),
  ).rejects.toMatchObject({ code: "too_large" });
});

test("tells progress four times a second at most, and loses no text between", () => {
  const told: [number, string][] = [];
  let now = 0;
  const heard = createProgress(
    (...progress) => told.push(progress),
    () => now,
  );
  heard({ text: "", characters: 4 });
  for (const text of ["one ", "two ", "three "]) {
    now += 100;
    heard({ text, characters: 4 + now });
  }
  now += 250;
  heard({ text: "four", characters: 1_000 });
  expect(told).toEqual([
    [4, "Thinking"],
    [304, "one two three "],
    [1_000, "four"],
  ]);
});

test("refuses an answer whose pictures do not end", async () => {
  const url = "x".repeat(1_024 * 1_024);
  const picture: TurnEvent = { kind: "delta", delta: { images: [{ url }] } };
  const endless = reads(...Array.from({ length: 17 }, () => [picture]));
  await expect(gatherAnswer(endless, () => {})).rejects.toThrow("more than 16 MiB");
});
