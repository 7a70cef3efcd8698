import { beforeAll, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { configure, legacy } from "../support/worker.ts";

const SERVERS: JsonObject = { llm: { builtin: "llm" } };

beforeAll(async () => {
  await configure({ mcpServers: SERVERS });
});

async function textOf(name: string, args: JsonObject = {}): Promise<string> {
  const { message } = await legacy("tools/call", { name, arguments: args }, "/mcp/llm");
  const content = message.result?.["content"];
  const [first] = Array.isArray(content) ? content : [];
  return String(first.text);
}

const MESSAGES = [{ role: "user", content: "SAY hi" }];

test.each(["chat_completion", "list_models", "list_providers", "list_tags"])(
  "%s says what to configure where there is no language model",
  async (name) => {
    await configure({ mcpServers: SERVERS });
    expect(await textOf(name, { messages: MESSAGES })).toMatch(
      /^Error: .* failed|^Error: Failed to list .*/,
    );
    expect(await textOf(name, { messages: MESSAGES })).toContain('"llm.providers"');
  },
);

test("never takes a model nobody chose", async () => {
  const baseUrl = `${inject("fixtures").llm}/openai/llm-tools-choice/v1`;
  await configure({
    mcpServers: SERVERS,
    llm: { providers: { scripted: { baseUrl, apiKey: "scripted-key" } } },
  });
  expect(await textOf("chat_completion", { messages: MESSAGES })).toBe(
    'Error: Chat completion failed: Cannot choose a model: the request names none and there is no default, set "llm.defaultModel" in the config or the variable LLM_MODEL',
  );
  expect(await textOf("chat_completion", { messages: MESSAGES, provider: "scripted" })).toBe(
    'Error: Chat completion failed: Cannot choose a model of provider "scripted": the request names none and the default is not one of them, list_models tells which there are',
  );
});

test("names the provider that does not tell its models", async () => {
  const url = inject("fixtures").llm;
  await configure({
    mcpServers: SERVERS,
    llm: {
      providers: {
        good: { baseUrl: `${url}/openai/llm-tools-good/v1`, apiKey: "scripted-key" },
        refused: { baseUrl: `${url}/openai/llm-tools-refused/v1`, apiKey: "wrong-key" },
      },
    },
  });
  const listed = JSON.parse(await textOf("list_models")) as {
    models: { id: string }[];
    problems: { provider: string; message: string }[];
  };
  expect(listed.models.map(({ id }) => id)).toContain("good/scripted-1");
  expect(listed.models.map(({ id }) => id)).not.toContain("good/text-embedding-scripted");
  expect(listed.problems).toEqual([{ provider: "refused", message: expect.any(String) }]);
});
