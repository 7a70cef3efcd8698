import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { addUsage } from "../../src/llm/sum-usage.ts";
import { asWireCall, TurnRecord } from "../../src/llm/turn-record.ts";
import type { CallPart, TurnEvent } from "../../src/llm/turn.ts";

const MADE_ID = expect.stringMatching(/^call_[a-z0-9]{24}$/);

function delta(value: JsonObject): TurnEvent {
  return { kind: "delta", delta: value };
}

function call(part: CallPart): TurnEvent {
  return { kind: "call", part };
}

function recordOf(...events: readonly TurnEvent[]): TurnRecord {
  const record = new TurnRecord();
  record.add(events);
  return record;
}

test("puts calls together in the order they began", () => {
  const record = recordOf(
    call({ position: 0, id: "a", name: "f" }),
    call({ position: 1, id: "b", name: "g", argumentText: "[" }),
    call({ position: 0, argumentText: '{"x":' }),
    call({ position: 1, argumentText: "]" }),
    call({ position: 0, argumentText: "1}", extra: { extra_content: { s: "é" } } }),
  );
  expect(record.calls()).toEqual([
    { id: "a", name: "f", argumentText: '{"x":1}', extra: { extra_content: { s: "é" } } },
    { id: "b", name: "g", argumentText: "[]" },
  ]);
});

test("makes ids where there are none, or where one comes twice, and keeps them", () => {
  const record = recordOf(
    call({ position: 0, name: "f" }),
    call({ position: 1, id: "a", name: "f" }),
    call({ position: 2, id: "a", name: "f" }),
  );
  const ids = record.calls().map(({ id }) => id);
  expect(ids).toEqual([MADE_ID, "a", MADE_ID]);
  expect(new Set(ids).size).toBe(3);
  expect(record.calls().map(({ id }) => id)).toEqual(ids);
  const { tool_calls: told } = record.assistantMessage();
  expect((told as JsonObject[]).map(({ id }) => id)).toEqual(ids);
});

test("gives the turn back as a message, with reasoning to the byte (case 34)", () => {
  const record = recordOf(
    { kind: "head", head: { id: "c", created: 1, model: "m" } },
    delta({ content: null, reasoning_content: " Hm\u2028" }),
    delta({ reasoning_content: "é " }),
    delta({ content: "Let me" }),
    delta({ content: " look", extra_content: { google: { thought_signature: "s" } } }),
    call({ position: 0, id: "a", name: "f", argumentText: "{ }" }),
    { kind: "finish", reason: "tool_calls" },
    { kind: "usage", usage: { total_tokens: 3 } },
  );
  expect(record.assistantMessage()).toEqual({
    role: "assistant",
    content: "Let me look",
    reasoning_content: " Hm\u2028é ",
    extra_content: { google: { thought_signature: "s" } },
    tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{ }" } }],
  });
  expect([record.finishReason, record.usage]).toEqual(["tool_calls", { total_tokens: 3 }]);
});

test("has no content beside calls alone, and an empty one without any", () => {
  const called = recordOf(delta({ content: "" }), call({ position: 0, id: "a", name: "f" }));
  expect(called.assistantMessage()).toMatchObject({ content: null });
  expect(recordOf().assistantMessage()).toEqual({ role: "assistant", content: "" });
  expect([recordOf().finishReason, recordOf().usage]).toEqual(["stop", undefined]);
});

test("puts reasoning details together by index and type, with their signatures", () => {
  const text = { type: "reasoning.text", format: "v1", index: 0 };
  const sealed = { type: "reasoning.encrypted", data: "AA==", id: "r1", index: 0 };
  const record = recordOf(
    delta({ reasoning: "ab", reasoning_details: [{ ...text, text: "a", signature: null }] }),
    delta({ reasoning_details: [{ ...text, text: "b" }] }),
    delta({ reasoning_details: [{ type: "reasoning.summary", summary: "c", index: 1 }] }),
    delta({ reasoning: null, reasoning_details: [{ ...text, signature: "c2lnbg==" }] }),
    delta({ reasoning_details: [sealed, { ...sealed, id: "r2" }] }),
    delta({ reasoning_details: [{ type: "unindexed", text: "d" }] }),
    delta({ reasoning_details: [{ type: "unindexed", text: "e" }] }),
  );
  expect(record.assistantMessage()).toEqual({
    role: "assistant",
    content: "",
    reasoning: "ab",
    reasoning_details: [
      { ...text, text: "ab", signature: "c2lnbg==" },
      { type: "reasoning.summary", summary: "c", index: 1 },
      sealed,
      { ...sealed, id: "r2" },
      { type: "unindexed", text: "d" },
      { type: "unindexed", text: "e" },
    ],
  });
});

test("writes calls in the form of their kind", () => {
  const custom = { id: "a", name: "g", argumentText: "text", extra: { type: "custom" } };
  expect(asWireCall(custom)).toEqual({
    id: "a",
    type: "custom",
    custom: { name: "g", input: "text" },
  });
  const signed = { id: "b", name: "f", argumentText: "{}", extra: { extra_content: { s: 1 } } };
  expect(asWireCall(signed)).toEqual({
    id: "b",
    type: "function",
    function: { name: "f", arguments: "{}" },
    extra_content: { s: 1 },
  });
});

test("refuses a turn that does not end", () => {
  const record = new TurnRecord();
  const text = delta({ content: "x".repeat(1024 * 1024) });
  for (let part = 0; part < 8; part += 1) record.add([text]);
  expect(() => record.add([text])).toThrow("Cannot answer: the model's turn is too long");
});

test("refuses calls whose names do not end", () => {
  const record = new TurnRecord();
  const name = "x".repeat(1024 * 1024);
  const named = (position: number): TurnEvent => ({ kind: "call", part: { position, name } });
  for (let part = 0; part < 8; part += 1) record.add([named(part)]);
  expect(() => record.add([named(8)])).toThrow("Cannot answer: the model's turn is too long");
});

test("sums what turns used, in detail, and keeps what is no number", () => {
  const first = {
    prompt_tokens: 1,
    total_tokens: 2,
    cost: 0.5,
    prompt_tokens_details: { cached_tokens: 1, audio_tokens: null },
    service: "a",
  };
  const second = {
    prompt_tokens: 10,
    completion_tokens: 3,
    cost: 0.25,
    prompt_tokens_details: { cached_tokens: 2, audio_tokens: 4 },
    service: "b",
  };
  expect(addUsage(first, second)).toEqual({
    prompt_tokens: 11,
    total_tokens: 2,
    completion_tokens: 3,
    cost: 0.75,
    prompt_tokens_details: { cached_tokens: 3, audio_tokens: 4 },
    service: "b",
  });
  expect(addUsage(undefined, first)).toBe(first);
  expect(addUsage(first, undefined)).toBe(first);
  expect(addUsage(undefined, undefined)).toBeUndefined();
});
