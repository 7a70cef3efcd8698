import { expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { TurnRecord } from "../../src/llm/turn-record.ts";
import { testModels, type TestModels } from "../support/test-models.ts";

type Run = (model: string, inputs: JsonObject, options: RequestInit) => Promise<Response>;

function bound(run: Run, more: object = {}): TestModels {
  return testModels({
    llm: { providers: { cf: { binding: "AI", maxRetries: 0 } } },
    variables: { AI: { run, ...more } },
  });
}

async function answer({ models, context }: TestModels, script: string): Promise<unknown> {
  const ref = await models.find("cf/@cf/scripted", context);
  if (ref === undefined) throw new Error("the model is not there");
  const body = { messages: [{ role: "user", content: script }], stream: true };
  const record = new TurnRecord();
  const events = await models.openTurn(ref, { body, mayRetry: true }, context);
  await events.forEach((read) => record.add(read));
  return record.assistantMessage()["content"];
}

test("case 39: asks a model behind a Workers AI binding", async () => {
  const seen: unknown[] = [];
  const url = `${inject("fixtures").llm}/workersai-native/binding/v1/chat/completions`;
  const at = bound((model, inputs, { signal }) => {
    seen.push(model, Object.keys(inputs));
    const headers = { authorization: "Bearer scripted-key", "content-type": "application/json" };
    return fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(inputs),
      signal: signal ?? null,
    });
  });
  expect(await answer(at, "SAY hello there")).toBe("hello there");
  expect(seen).toEqual(["@cf/scripted", ["messages", "stream"]]);
});

test.each([
  ["3040: Capacity temporarily exceeded", "rate_limited"],
  ["InferenceUpstreamError: 3007: Timeout", "backend_timeout"],
  ["5007: No such model", "not_found"],
  ["something else", "backend_unavailable"],
])("case 14: reads what a binding throws: %s", async (message, code) => {
  const at = bound(() => Promise.reject(new Error(message)));
  await expect(answer(at, "hello")).rejects.toMatchObject({ code });
});

test("lists what a binding can chat with", async () => {
  const found = [{ id: "uuid", name: "@cf/a", task: { name: "Text Generation" } }];
  const at = bound(() => Promise.reject(new Error("not asked")), { models: async () => found });
  expect(await at.models.models(at.context)).toMatchObject([{ id: "cf/@cf/a" }]);
});

test("says so where the binding is not there", async () => {
  const at = testModels({ llm: { providers: { cf: { binding: "AI" } } } });
  await expect(answer(at, "hello")).rejects.toThrow(
    'Cannot answer with model "@cf/scripted": provider "cf" needs the binding "AI", which is not there',
  );
});
