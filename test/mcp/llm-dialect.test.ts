import { beforeAll, expect, inject, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { configure, legacy, modern } from "../support/worker.ts";

const HELLO = { prompt: { messages: [{ role: "user", content: "SAY Hello!" }] } };
const UNKNOWN_METHOD = -32601;
const INVALID_PARAMS = -32602;

function llmOf(key: string): JsonObject {
  const provider = {
    baseUrl: `${inject("fixtures").llm}/openai/dialect-${key}/v1`,
    apiKey: "scripted-key",
    maxRetries: 0,
    models: ["scripted-1", "scripted-2"],
  };
  return { providers: { scripted: provider }, defaultModel: "scripted/scripted-1" };
}

beforeAll(async () => {
  await configure({
    mcpServers: {
      llm: { builtin: "llm" },
      clock: { builtin: "time" },
    },
    llm: llmOf("plain"),
  });
});

test.each(["/mcp", "/mcp/llm"])(
  "answers what the README of openai-gateway-mcp shows at %s",
  async (path) => {
    const { message } = await legacy("completion/complete", HELLO, path);
    expect(message.result).toMatchObject({
      object: "chat.completion",
      model: "scripted-1",
      choices: [{ message: { role: "assistant", content: "Hello!" }, finish_reason: "stop" }],
    });
    const models = await legacy("models/list", {}, path);
    expect(models.message.result).toMatchObject({
      object: "list",
      data: [
        { id: "scripted/scripted-1", object: "model" },
        { id: "scripted/scripted-2", object: "model" },
      ],
    });
  },
);

test("takes the model and its parameters beside the prompt or in it", async () => {
  const { message } = await legacy("completion/complete", {
    ...HELLO,
    model: "scripted/scripted-2",
  });
  expect(message.result?.["model"]).toBe("scripted-2");
  const prompt = { ...HELLO.prompt, model: "scripted/scripted-2" };
  const inside = await legacy("completion/complete", { prompt });
  expect(inside.message.result?.["model"]).toBe("scripted-2");
});

test("tells progress of a completion in the client's own token", async () => {
  const params = { ...HELLO, _meta: { progressToken: 7 } };
  const { notifications } = await legacy("completion/complete", params);
  expect(notifications).toMatchObject([
    { method: "notifications/progress", params: { progressToken: 7 } },
  ]);
});

test.each([
  ['ERR 429 {"message":"slow down","headers":{"retry-after":"120"}}', -32002],
  ['ERR 401 {"message":"bad key"}', -32001],
  ['ERR 500 {"message":"oops"}', -32004],
])("answers %s with the number of the dialect", async (content, code) => {
  const prompt = { messages: [{ role: "user", content }] };
  const { message, status } = await legacy("completion/complete", { prompt });
  expect(status).toBe(200);
  expect(message.error).toMatchObject({ code, message: expect.stringMatching(/^Cannot /) });
});

test("answers an unknown model with the number of the dialect", async () => {
  const { message } = await legacy("completion/complete", { ...HELLO, model: "never/was" });
  expect(message.error?.code).toBe(-32003);
});

test("takes AnyGPT's names for the tools of the backend, and does not list them", async () => {
  const params = { name: "anygpt_list_providers", arguments: {} };
  const { message } = await legacy("tools/call", params, "/mcp/llm");
  expect(message.result?.["structuredContent"]).toMatchObject({ default_provider: "scripted" });
  const { text } = await legacy("tools/list", {}, "/mcp/llm");
  expect(text).not.toContain("anygpt_");
  for (const [name, path] of [
    ["anygpt_list_providers", "/mcp"],
    ["anygpt_list_providers", "/mcp/clock"],
    ["anygpt_nothing", "/mcp/llm"],
  ] as const) {
    const refused = await legacy("tools/call", { name, arguments: {} }, path);
    expect(refused.message.error).toMatchObject({
      code: INVALID_PARAMS,
      message: `Unknown tool: "${name}"`,
    });
  }
});

test("leaves MCP's own completion to its backend", async () => {
  const { message } = await legacy("completion/complete", {
    ref: { type: "ref/prompt", name: "never_was" },
    argument: { name: "a", value: "b" },
    ...HELLO,
  });
  expect(message.error?.message).toBe('Unknown prompt: "never_was"');
});

test("is not spoken to modern clients, nor at other backends", async () => {
  const answers = [await modern("models/list"), await legacy("models/list", {}, "/mcp/clock")];
  for (const { message } of answers) expect(message.error?.code).toBe(UNKNOWN_METHOD);
  const { message } = await legacy("completion/complete", HELLO, "/mcp/clock");
  expect(message.error).toMatchObject({
    code: INVALID_PARAMS,
    message: "Cannot complete: params.ref is missing",
  });
});

test("is unknown to a caller without the tools it stands for", async () => {
  const hidden = [
    { mcpServers: { clock: { builtin: "time" } }, llm: llmOf("hidden") },
    {
      mcpServers: {
        llm: { builtin: "llm", disabledTools: ["list_models", "chat_completion"] },
      },
      llm: llmOf("hidden"),
    },
  ];
  for (const document of hidden) {
    await configure(document);
    const models = await legacy("models/list");
    expect(models.message.error).toMatchObject({
      code: UNKNOWN_METHOD,
      message: 'Method not found: "models/list"',
    });
    const { message } = await legacy("completion/complete", HELLO);
    expect(message.error?.code).toBe(INVALID_PARAMS);
    expect(isJsonObject(message.result)).toBe(false);
  }
});
