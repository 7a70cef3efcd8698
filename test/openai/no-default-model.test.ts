import { beforeAll, expect, test } from "vitest";
import { configure } from "../support/worker.ts";
import { scriptedProviders } from "./llm-chat.ts";
import { ask, chat, readObject } from "./openai-replies.ts";

beforeAll(() =>
  configure({
    mcpServers: { time: { builtin: "time" } },
    llm: { providers: scriptedProviders("no-default-model", ["openai", "ollama"], { models: [] }) },
  }),
);

test.each(["mcp-gateway", "mcp-gateway/time"])(
  "says that no default model is chosen where %s has several to choose from",
  async (model) => {
    const response = await chat(ask("hello", { model }));
    expect(response.status).toBe(404);
    expect(await readObject(response)).toEqual({
      error: {
        message: `Cannot answer as "${model}": there is no default model, name one as {provider}/{model} in "llm.defaultModel" of the config or in LLM_MODEL`,
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    });
  },
);

test("answers with a provider's model all the same", async () => {
  const response = await chat(ask("SAY hi", { model: "ollama/scripted-1" }));
  expect(await readObject(response)).toMatchObject({ choices: [{ message: { content: "hi" } }] });
});
