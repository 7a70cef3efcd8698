import { expect, test } from "vitest";
import type { ProfileName } from "../../src/config/llm-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { shapeRequest } from "../../src/llm/shape-request.ts";

function shape(profile: ProfileName, body: JsonObject, model = "m"): JsonObject {
  return shapeRequest(body, { profile, model, wantsUsage: true, shapeTools: (_, tools) => tools });
}

const LOOK: JsonObject = { type: "function", function: { name: "look" } };
const OTHER: JsonObject = { type: "function", function: { name: "other" } };
const NAMED: JsonObject = { type: "function", function: { name: "look" } };

test.each<[string, ProfileName, JsonObject, JsonObject, string?]>([
  [
    "asks a stream for its usage",
    "openai",
    { stream: true },
    { stream: true, stream_options: { include_usage: true } },
  ],
  [
    "keeps a client's stream options",
    "vllm",
    { stream: true, stream_options: { x: 1 } },
    { stream: true, stream_options: { x: 1, include_usage: true } },
  ],
  [
    "asks nothing of a stream that is none",
    "openai",
    { stream: false, stream_options: { include_usage: true } },
    { stream: false },
  ],
  [
    "asks no usage where it comes unasked",
    "mistral",
    { stream: true, stream_options: { include_usage: true } },
    { stream: true },
  ],
  [
    "passes unknown fields to OpenAI",
    "openai",
    { verbosity: "low", odd: 1 },
    { verbosity: "low", odd: 1 },
  ],
  [
    "drops unknown fields elsewhere",
    "generic",
    { verbosity: "low", store: true, user: "u", n: 2 },
    { n: 2 },
  ],
  [
    "drops what Gemini refuses",
    "gemini",
    { store: true, logit_bias: {}, metadata: {}, seed: 1 },
    { seed: 1 },
  ],
  ["gives Mistral a seed under its name", "mistral", { seed: 4, user: "u" }, { random_seed: 4 }],
  ["knows the older name of a limit", "generic", { max_completion_tokens: 5 }, { max_tokens: 5 }],
  [
    "knows the newer name of a limit",
    "openai",
    { max_tokens: 5 },
    { max_completion_tokens: 5 },
    "gpt-5-mini",
  ],
  [
    "knows it behind a vendor",
    "openrouter",
    { max_tokens: 5 },
    { max_completion_tokens: 5 },
    "openai/o3",
  ],
  ["leaves OpenAI's older models alone", "openai", { max_tokens: 5 }, { max_tokens: 5 }, "gpt-4o"],
  [
    "leaves the newer name to Azure's deployments",
    "azure",
    { max_completion_tokens: 5 },
    { max_completion_tokens: 5 },
    "mine",
  ],
  [
    "clamps for everybody",
    "openai",
    { temperature: 3, top_p: 2, presence_penalty: -9, frequency_penalty: 9 },
    { temperature: 2, top_p: 1, presence_penalty: -2, frequency_penalty: 2 },
  ],
  ["clamps for Anthropic", "anthropic", { temperature: 1.5 }, { temperature: 1 }],
  ["clamps for Mistral", "mistral", { temperature: 2 }, { temperature: 1.5 }],
  [
    "says nothing of tools that are not there",
    "openai",
    { tools: [], tool_choice: "auto", parallel_tool_calls: true },
    {},
  ],
  [
    "keeps a choice",
    "openai",
    { tools: [LOOK], tool_choice: NAMED },
    { tools: [LOOK], tool_choice: NAMED },
  ],
  [
    "keeps legacy functions",
    "openai",
    { functions: [{ name: "f" }], function_call: "auto" },
    { functions: [{ name: "f" }], function_call: "auto" },
  ],
  [
    "hides tools from who ignores a choice of none",
    "ollama",
    { tools: [LOOK], tool_choice: "none" },
    {},
  ],
  [
    "shows the named tool alone",
    "ollama",
    { tools: [OTHER, LOOK], tool_choice: NAMED },
    { tools: [LOOK] },
  ],
  [
    "demands the named tool alone",
    "llama.cpp",
    { tools: [OTHER, LOOK], tool_choice: NAMED },
    { tools: [LOOK], tool_choice: "required" },
  ],
  [
    "keeps a word where words are known",
    "llama.cpp",
    { tools: [LOOK], tool_choice: "none" },
    { tools: [LOOK], tool_choice: "none" },
  ],
  [
    "drops a demand that comes out as text",
    "workers-ai",
    { tools: [LOOK], tool_choice: "required" },
    { tools: [LOOK] },
  ],
  [
    "passes a format on",
    "gemini",
    { response_format: { type: "json_object" } },
    { response_format: { type: "json_object" } },
  ],
])("case 33: %s (%s)", (_, profile, body, expected, model = "m") => {
  const { messages: _messages, model: sent, ...rest } = shape(profile, body, model);
  expect(rest).toEqual(expected);
  expect(sent).toBe(model);
});

const CALL: JsonObject = {
  id: "call_0123456789abcdef01234567",
  type: "function",
  function: { name: "look", arguments: '{"a":1}' },
};
const PICTURE: JsonObject = { type: "image_url", image_url: { url: "data:image/png;base64,AA" } };

test.each<[string, ProfileName, JsonObject, JsonObject]>([
  [
    "keeps a developer",
    "openai",
    { role: "developer", content: "x" },
    { role: "developer", content: "x" },
  ],
  [
    "calls a developer a system",
    "vllm",
    { role: "developer", content: "x" },
    { role: "system", content: "x" },
  ],
  [
    "keeps pictures",
    "generic",
    { role: "user", content: [PICTURE, { type: "text", text: "x" }] },
    { role: "user", content: [PICTURE, { type: "text", text: "x" }] },
  ],
  [
    "joins texts in parts",
    "deepseek",
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
    { role: "user", content: "a\nb" },
  ],
  [
    "joins what a tool says",
    "generic",
    { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "a" }] },
    { role: "tool", tool_call_id: "1", content: "a" },
  ],
  [
    "keeps reasoning from OpenAI",
    "openai",
    { role: "assistant", content: "x", reasoning_content: "r", annotations: [], refusal: null },
    { role: "assistant", content: "x", refusal: null },
  ],
  [
    "gives DeepSeek its reasoning back",
    "deepseek",
    { role: "assistant", content: "x", reasoning_content: "r", refusal: null },
    { role: "assistant", content: "x", reasoning_content: "r" },
  ],
  [
    "gives OpenRouter the details back",
    "openrouter",
    { role: "assistant", content: "x", reasoning_details: [{ a: 1 }] },
    { role: "assistant", content: "x", reasoning_details: [{ a: 1 }] },
  ],
  [
    "gives Gemini its signature back",
    "gemini",
    { role: "assistant", content: null, tool_calls: [{ ...CALL, extra_content: { g: 1 } }] },
    { role: "assistant", content: null, tool_calls: [{ ...CALL, extra_content: { g: 1 } }] },
  ],
  [
    "keeps a signature from others",
    "openai",
    { role: "assistant", content: null, tool_calls: [{ ...CALL, extra_content: { g: 1 } }] },
    { role: "assistant", content: null, tool_calls: [CALL] },
  ],
  [
    "fills a text that may not be null",
    "workers-ai",
    { role: "assistant", content: null, tool_calls: [CALL] },
    { role: "assistant", content: "", tool_calls: [CALL] },
  ],
  [
    "fills an empty question",
    "anthropic",
    { role: "user", content: "" },
    { role: "user", content: "(nothing)" },
  ],
  [
    "makes text of arguments",
    "openai",
    {
      role: "assistant",
      content: null,
      tool_calls: [{ ...CALL, function: { name: "look", arguments: { a: 1 } } }],
    },
    { role: "assistant", content: null, tool_calls: [CALL] },
  ],
  [
    "replaces arguments that nobody can read",
    "ollama",
    {
      role: "assistant",
      content: null,
      tool_calls: [{ ...CALL, function: { name: "look", arguments: "{a" } }],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ ...CALL, function: { name: "look", arguments: "{}" } }],
    },
  ],
  [
    "drops a list without calls",
    "openai",
    { role: "assistant", content: "x", tool_calls: [] },
    { role: "assistant", content: "x" },
  ],
])("case 33: %s (%s)", (_, profile, message, expected) => {
  expect(shape(profile, { messages: [message] })["messages"]).toEqual([expected]);
});

test("keeps the very messages that fit", () => {
  const messages = [{ role: "user", content: "x" }];
  expect(shape("openai", { messages })["messages"]).toBe(messages);
});

test("gives a call and its answer the same nine characters at Mistral, in every request", () => {
  const messages = [
    { role: "assistant", content: "", tool_calls: [CALL, { ...CALL, id: "abcDEF123" }] },
    { role: "tool", tool_call_id: CALL["id"], content: "r" },
  ];
  const ids = JSON.stringify(shape("mistral", { messages })["messages"]).matchAll(
    /"(?:tool_call_)?id":"([^"]*)"/g,
  );
  const [call, kept, answer] = [...ids].map(([, id]) => id);
  expect(call).toMatch(/^[a-zA-Z0-9]{9}$/);
  expect(kept).toBe("abcDEF123");
  expect(answer).toBe(call);
});

test("gives different calls different ids", () => {
  const messages = Array.from({ length: 5_000 }, (_, at) => ({
    role: "tool",
    tool_call_id: `call_${at}`,
    content: "r",
  }));
  const shaped = shape("mistral", { messages })["messages"] as readonly JsonObject[];
  expect(new Set(shaped.map((message) => message["tool_call_id"])).size).toBe(5_000);
});

test("keeps Mistral's order of speakers", () => {
  const tool = { role: "tool", tool_call_id: "abcDEF123", content: "r" };
  const user = { role: "user", content: "x" };
  const roles = (messages: readonly JsonObject[]): unknown =>
    (shape("mistral", { messages })["messages"] as readonly JsonObject[]).map(({ role }) => role);
  expect(roles([tool, user])).toEqual(["tool", "assistant", "user"]);
  expect(roles([tool, { role: "system", content: "x" }])).toEqual(["system", "tool"]);
  expect(shape("mistral", { messages: [{ role: "assistant", content: "b" }] })["messages"]).toEqual(
    [{ role: "assistant", content: "b", prefix: true }],
  );
});
