import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { OpenaiRefusal } from "../../src/openai/openai-errors.ts";
import { parseResponsesRequest, type ResponsesRequest } from "../../src/openai/responses-wire.ts";

function parse(more: JsonObject): ResponsesRequest {
  return parseResponsesRequest({ model: "mcp-gateway", input: "hello", ...more });
}

function messagesFor(input: readonly JsonValue[], more: JsonObject = {}): JsonValue | undefined {
  return parse({ input, ...more }).chat.body["messages"];
}

function refusalOf(more: JsonObject): { message: string; param?: string; code?: string } {
  try {
    parse(more);
  } catch (error) {
    if (error instanceof OpenaiRefusal) return { message: error.message, ...error.finer };
    throw error;
  }
  throw new Error("was not refused");
}

const USER = { role: "user", content: "hi" };

test("takes a text for what the user says, under the instructions", () => {
  const { chat } = parse({ instructions: "be brief", stream: true });
  expect(chat).toMatchObject({ question: "hello", stream: true, model: "mcp-gateway" });
  expect(chat.body["messages"]).toEqual([
    { role: "system", content: "be brief" },
    { role: "user", content: "hello" },
  ]);
});

test("puts parts of messages as chat has them", () => {
  const image = "data:image/png;base64,AA==";
  const content = [
    { type: "input_text", text: "what is this" },
    { type: "input_image", image_url: image, detail: "low" },
    { type: "input_file", file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
  ];
  expect(messagesFor([{ type: "message", role: "user", content }])).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "what is this" },
        { type: "image_url", image_url: { url: image, detail: "low" } },
        {
          type: "file",
          file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
        },
      ],
    },
  ]);
});

test("puts what a model did in one turn into one message, with the results behind it", () => {
  const items = [
    USER,
    {
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
    },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Let me see." }] },
    { type: "function_call", call_id: "a", name: "f", arguments: "{}", status: "completed" },
    { type: "function_call", call_id: "b", name: "g", arguments: '{"x":1}' },
    { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "two" }] },
    { type: "function_call_output", call_id: "a", output: "one" },
    { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
    { type: "message", role: "assistant", content: "Done." },
    USER,
  ];
  expect(messagesFor(items)).toEqual([
    USER,
    {
      role: "assistant",
      content: "Let me see.",
      reasoning_content: "hm",
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
        { id: "b", type: "function", function: { name: "g", arguments: '{"x":1}' } },
      ],
    },
    { role: "tool", tool_call_id: "a", content: "one" },
    { role: "tool", tool_call_id: "b", content: "two" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c", content: "Error: there is no result of this call" },
    { role: "assistant", content: "Done." },
    USER,
  ]);
});

test("takes its own items back, and leaves out what it does not know", () => {
  const items = [
    USER,
    { type: "mcp_list_tools", id: "mcpl_1", server_label: "erp", tools: [] },
    { type: "web_search_call", id: "ws_1", status: "completed" },
    {
      type: "mcp_call",
      id: "mcp_1",
      server_label: "erp",
      name: "get",
      arguments: "{}",
      output: "5",
    },
    {
      type: "mcp_call",
      id: "mcp_2",
      server_label: "mcp-gateway",
      name: "erp_get",
      arguments: "{}",
      output: null,
      error: { type: "http_error", code: 504, message: "late" },
    },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "5" }] },
    USER,
  ];
  const { input, chat } = parse({ input: items });
  expect([...input.listed]).toEqual(["erp"]);
  expect(chat.body["messages"]).toMatchObject([
    USER,
    {
      role: "assistant",
      tool_calls: [
        { id: "mcp_1", function: { name: "erp_get", arguments: "{}" } },
        { id: "mcp_2", function: { name: "erp_get" } },
      ],
    },
    { role: "tool", tool_call_id: "mcp_1", content: "5" },
    { role: "tool", tool_call_id: "mcp_2", content: "Error: late" },
    { role: "assistant", content: "5" },
    USER,
  ]);
});

test("keeps results apart whose calls have the same id", () => {
  const call = { type: "function_call", call_id: "x", name: "f", arguments: "{}" };
  const items = [
    USER,
    call,
    { type: "function_call_output", call_id: "x", output: "one" },
    call,
    { type: "function_call_output", call_id: "x", output: "two" },
  ];
  expect(messagesFor(items)).toMatchObject([
    USER,
    { role: "assistant" },
    { role: "tool", content: "one" },
    { role: "assistant" },
    { role: "tool", content: "two" },
  ]);
});

test("has functions, formats and limits where chat has them, and passes on what it does not know", () => {
  const schema = { type: "object", properties: {} };
  const { chat, maxToolCalls } = parse({
    tools: [{ type: "function", name: "f", description: "d", parameters: schema, strict: true }],
    tool_choice: { type: "function", name: "f" },
    text: { format: { type: "json_schema", name: "n", schema, strict: true }, verbosity: "low" },
    reasoning: { effort: "low", summary: "auto" },
    max_output_tokens: 50,
    max_tool_calls: 2,
    parallel_tool_calls: false,
    temperature: 0.5,
    top_k: 7,
    store: true,
    include: ["reasoning.encrypted_content"],
    truncation: "auto",
    metadata: { a: "b" },
  });
  expect(maxToolCalls).toBe(2);
  expect(chat.body).toEqual({
    model: "mcp-gateway",
    messages: [{ role: "user", content: "hello" }],
    tools: [
      {
        type: "function",
        function: { name: "f", description: "d", parameters: schema, strict: true },
      },
    ],
    tool_choice: { type: "function", function: { name: "f" } },
    response_format: { type: "json_schema", json_schema: { name: "n", schema, strict: true } },
    verbosity: "low",
    reasoning_effort: "low",
    max_completion_tokens: 50,
    parallel_tool_calls: false,
    temperature: 0.5,
    top_k: 7,
  });
});

test.each([
  ["previous_response_id", { previous_response_id: "resp_1" }],
  ["conversation", { conversation: "conv_1" }],
  ["prompt", { prompt: { id: "pmpt_1" } }],
  ["background", { background: true }],
  ["tools[1].type", { tools: [{ type: "mcp", server_label: "erp" }, { type: "web_search" }] }],
  ["tools[0].connector_id", { tools: [{ type: "mcp", server_label: "x", connector_id: "c" }] }],
  ["input[0]", { input: [{ type: "item_reference", id: "msg_1" }] }],
  ["tool_choice.type", { tool_choice: { type: "file_search" } }],
  [
    "input[0].content[0].file_id",
    { input: [{ role: "user", content: [{ type: "input_image", file_id: "file_1" }] }] },
  ],
] satisfies [string, JsonObject][])("case 31: names %s, which it cannot do", (param, more) => {
  const refusal = refusalOf(more);
  expect(refusal).toMatchObject({ param, code: "unsupported_parameter" });
  expect(refusal.message).toContain(param);
});

test("case 31: takes what asks for nothing", () => {
  const { chat } = parse({ previous_response_id: null, background: false, store: true });
  expect(chat.question).toBe("hello");
});

test.each([
  ["input", { input: undefined }],
  ["input", { input: [] }],
  ["input[0].role", { input: [{ role: "wizard", content: "x" }] }],
  ["input[0].call_id", { input: [{ type: "function_call_output", call_id: "x", output: "" }] }],
  ["tools[0].name", { tools: [{ type: "function" }] }],
  ["tools[0].server_label", { tools: [{ type: "mcp" }] }],
  [
    "tools[0].require_approval",
    { tools: [{ type: "mcp", server_label: "x", require_approval: "often" }] },
  ],
  ["max_tool_calls", { max_tool_calls: 0 }],
] satisfies [string, JsonObject][])("refuses %s that nobody could read", (param, more) => {
  expect(refusalOf(more)).toMatchObject({ param, code: "invalid_value" });
});

const REQUESTS = [1, 2].map((place) => ({
  type: "mcp_approval_request",
  id: `mcpr_ABCDEFGH_${place}_2_call-${place}`,
  server_label: "erp",
  name: "set",
  arguments: "{}",
}));

function answers(...approvals: readonly boolean[]): readonly JsonObject[] {
  return approvals.map((approve, index) => ({
    type: "mcp_approval_response",
    approval_request_id: `mcpr_ABCDEFGH_${index + 1}_2_call-${index + 1}`,
    approve,
  }));
}

test("case 30: approves a turn when each of its calls is approved", () => {
  const { input } = parse({ input: [USER, ...REQUESTS, ...answers(true, true)] });
  expect(input.decisions).toEqual([{ code: "ABCDEFGH", approve: true }]);
  expect(input.approvedBy.get("call-2")).toBe("mcpr_ABCDEFGH_2_2_call-2");
  expect(input.messages).toEqual([USER]);
});

test("case 30: takes one refusal as that of the whole turn", () => {
  const { input } = parse({ input: [USER, ...REQUESTS, ...answers(true, false)] });
  expect(input.decisions).toEqual([{ code: "ABCDEFGH", approve: false }]);
});

test("case 30: does not go on with half of the answers", () => {
  const refusal = refusalOf({ input: [USER, ...REQUESTS, ...answers(true)] });
  expect(refusal.message).toContain("1 of 2 approval requests");
});

test("case 30: carries nothing out twice when the conversation is sent again", () => {
  const done = { type: "mcp_call", id: "mcp_1", server_label: "erp", name: "set", arguments: "{}" };
  const { input } = parse({ input: [USER, ...REQUESTS, ...answers(true, true), done, USER] });
  expect(input.decisions).toEqual([]);
});

test("takes so many servers and approvals as one answer can need", () => {
  const tools = Array.from({ length: 33 }, (_, index) => ({
    type: "mcp",
    server_label: `erp-${index}`,
    server_url: "https://gateway.test/mcp/erp",
  }));
  expect(refusalOf({ tools }).param).toBe("tools[32]");
  const decisions = Array.from({ length: 17 }, (_, index) => ({
    type: "mcp_approval_response",
    approval_request_id: `mcpr_ABCDEF${20 + index}_1_1_call`,
    approve: false,
  }));
  expect(refusalOf({ input: [USER, ...decisions] }).param).toBe("input[17]");
});
