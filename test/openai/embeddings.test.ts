import { beforeAll, expect, inject, test } from "vitest";
import { isJsonObject } from "../../src/core/json.ts";
import { sendAuthorized } from "../support/worker.ts";
import { configureLlm } from "./llm-chat.ts";
import { readObject } from "./openai-replies.ts";

const KEY = "embeddings";
const MODEL = "text-embedding-scripted";

beforeAll(() => configureLlm(KEY, { provider: { models: ["scripted-1", MODEL] } }));

function embed(body: object): Promise<Response> {
  return sendAuthorized("/v1/embeddings", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("case 32: passes embeddings on as the provider wrote them", async () => {
  const direct = await fetch(`${inject("fixtures").llm}/openai/${KEY}/v1/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer scripted-key" },
    body: JSON.stringify({
      model: MODEL,
      input: ["a", "b"],
      encoding_format: "base64",
      dimensions: 3,
    }),
  });
  for (const model of [MODEL, `openai/${MODEL}`]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await embed({
      model,
      input: ["a", "b"],
      encoding_format: "base64",
      dimensions: 3,
    });
    expect(answer.status).toBe(200);
    // oxlint-disable-next-line no-await-in-loop
    if (model === MODEL) expect(await answer.text()).toBe(await direct.text());
  }
});

test("case 32: says which part of a request it cannot read, and of a model that it is not there", async () => {
  const nothing = await readObject(await embed({ input: "a" }));
  expect(nothing["error"]).toMatchObject({ param: "model" });
  const unknown = await embed({ model: "no-such/model", input: "a" });
  expect(unknown.status).toBe(404);
});

test("case 1: lists no model for embeddings, and none of a provider as a pipeline", async () => {
  const { data } = await readObject(await sendAuthorized("/v1/models"));
  const models = Array.isArray(data) ? data.filter(isJsonObject) : [];
  const ids = models.map(({ id }) => id);
  expect(ids).toEqual([
    "mcp-gateway",
    "mcp-gateway/lab",
    "mcp-gateway/time",
    "openai/scripted-1",
    "raw/openai/scripted-1",
  ]);
  expect(models.some((model) => "pipeline" in model)).toBe(false);
});

test("refuses to go round in a circle as its own provider", async () => {
  await sendAuthorized("/v1/models");
  const own = await sendAuthorized("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", "x-mcp-gateway-hop": "a,b,c,d,e" },
    body: JSON.stringify({ model: "mcp-gateway", messages: [{ role: "user", content: "hi" }] }),
  });
  expect(own.status).toBe(508);
  expect(own.headers.get("x-should-retry")).toBe("false");
});
