import { expect, test } from "vitest";
import { parseChatRequest, requireAnswerable } from "../../src/openai/chat-wire.ts";
import { OpenaiRefusal } from "../../src/openai/openai-errors.ts";

const USER = { role: "user", content: "tools" };

function refusal(body: unknown): { message: string; param: string | undefined } {
  try {
    requireAnswerable(parseChatRequest(body));
  } catch (error) {
    if (error instanceof OpenaiRefusal) return { message: error.message, param: error.finer.param };
    throw error;
  }
  throw new TypeError("was not refused");
}

test("reads what the user said last, from text or parts", () => {
  const messages = [
    { role: "developer", content: "be brief" },
    { role: "user", content: "first" },
    { role: "assistant", content: null, tool_calls: [] },
    {
      role: "user",
      content: [
        { type: "text", text: "call" },
        { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
        { type: "text", text: "it" },
      ],
    },
    { role: "tool", tool_call_id: "1", content: "x" },
  ];
  expect(parseChatRequest({ model: "m", messages, tools: [{}], extra: 1 }).question).toBe(
    "call\nit",
  );
});

test("refuses a conversation without a user in the words people know", () => {
  expect(refusal({ model: "m", messages: [] })).toEqual({
    message: "No user message found",
    param: "messages",
  });
  expect(refusal({ model: "m", messages: [{ role: "system", content: "x" }] }).message).toBe(
    "No user message found",
  );
});

test("names the parameter it refuses", () => {
  const params = {
    n: 1e9,
    max_tokens: -1,
    max_completion_tokens: 0,
    temperature: 99,
    stream: "yes",
  };
  for (const [param, value] of Object.entries(params)) {
    expect(refusal({ model: "m", messages: [USER], [param]: value }).param).toBe(param);
  }
  expect(refusal({ messages: [USER] }).param).toBe("model");
  const asInResponses = { type: "function", name: "f", parameters: {} };
  expect(refusal({ model: "m", messages: [USER], tools: [asInResponses] })).toEqual({
    message:
      'Cannot read "tools[0]": expected {"type": "function", "function": {"name", "description", "parameters"}}',
    param: "tools[0]",
  });
  expect(refusal({ model: "m", messages: [{ content: "x" }] }).param).toBe("messages[0].role");
  expect(refusal({ model: "m", messages: "x" }).param).toBe("messages");
  expect(refusal([]).param).toBeUndefined();
});

test("takes null for not given", () => {
  const body = { model: "m", messages: [USER], n: null, max_tokens: null, stream: null };
  expect(parseChatRequest(body).stream).toBe(false);
});
