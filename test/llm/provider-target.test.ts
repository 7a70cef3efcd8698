import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { fakeProvider, listing, saying, testModels, type Asked } from "../support/test-models.ts";

const VARIABLES = { KEY: "the-key", ENCRYPTION_KEY: "own", HOST: "10.0.0.1", WHOLE: "Bearer k" };

async function asked(provider: JsonObject, model = "m"): Promise<Asked> {
  const network = fakeProvider(() => saying("hello"));
  const { models, context } = testModels({
    llm: { providers: { it: { apiKey: "${KEY}", maxRetries: 0, ...provider } } },
    variables: VARIABLES,
    fetch: network.fetch,
  });
  const ref = await models.find(`it/${model}`, context);
  if (ref === undefined) throw new Error("the model is not there");
  await models.openRaw(ref, { body: { messages: [] }, mayRetry: false }, context);
  const [first] = network.asked;
  if (first === undefined) throw new Error("nobody was asked");
  return first;
}

test.each<[string, JsonObject, string, JsonObject]>([
  [
    "OpenAI",
    { baseUrl: "https://api.openai.com/v1/" },
    "https://api.openai.com/v1/chat/completions",
    { authorization: "Bearer the-key" },
  ],
  [
    "a deployment at Azure",
    { baseUrl: "https://x.openai.azure.com" },
    "https://x.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
    { "api-key": "the-key" },
  ],
  [
    "a deployment in the address",
    {
      baseUrl: "https://x.openai.azure.com/openai/deployments/m",
      apiVersion: "2025-01-01-preview",
    },
    "https://x.openai.azure.com/openai/deployments/m/chat/completions?api-version=2025-01-01-preview",
    { "api-key": "the-key" },
  ],
  [
    "Azure's newer form",
    { baseUrl: "https://x.openai.azure.com/openai/v1" },
    "https://x.openai.azure.com/openai/v1/chat/completions",
    { "api-key": "the-key" },
  ],
  [
    "the AI Gateway",
    { baseUrl: "https://gateway.ai.cloudflare.com/v1/a/g/compat" },
    "https://gateway.ai.cloudflare.com/v1/a/g/compat/chat/completions",
    { "cf-aig-authorization": "Bearer the-key" },
  ],
  [
    "a provider behind the AI Gateway",
    {
      baseUrl: "https://gateway.ai.cloudflare.com/v1/a/g/compat",
      headers: { "cf-aig-authorization": "Bearer ${KEY}2" },
    },
    "https://gateway.ai.cloudflare.com/v1/a/g/compat/chat/completions",
    { "cf-aig-authorization": "Bearer the-key2", authorization: "Bearer the-key" },
  ],
  [
    "OpenRouter",
    { baseUrl: "https://openrouter.ai/api/v1" },
    "https://openrouter.ai/api/v1/chat/completions",
    { authorization: "Bearer the-key", "x-title": "MCP Edge Gateway" },
  ],
  [
    "an address with the path of a chat",
    { baseUrl: "https://a.test/v1/chat/completions/" },
    "https://a.test/v1/chat/completions",
    { authorization: "Bearer the-key" },
  ],
  [
    "a header of the owner",
    { baseUrl: "https://a.test/v1", headers: { Authorization: "Token ${KEY}" } },
    "https://a.test/v1/chat/completions",
    { authorization: "Token the-key" },
  ],
])("reaches %s", async (_, provider, url, headers) => {
  const { url: sent, headers: given } = await asked(provider);
  expect(sent).toBe(url);
  const names = ["authorization", "api-key", "cf-aig-authorization", "x-title", "x-api-key"];
  const shown = names.flatMap((name) => (given.has(name) ? [[name, given.get(name)]] : []));
  expect(Object.fromEntries(shown)).toEqual(headers);
});

test.each<[string, JsonObject, string]>([
  [
    "a secret that is not set",
    { baseUrl: "https://a.test/v1", apiKey: "${NONE}" },
    'needs the secret "NONE", which is not set',
  ],
  [
    "a secret of the gateway's own",
    { baseUrl: "https://a.test/v1", apiKey: "${ENCRYPTION_KEY}" },
    'needs the secret "ENCRYPTION_KEY"',
  ],
  [
    "a secret that is more than a key",
    { baseUrl: "https://a.test/v1", apiKey: "${WHOLE}" },
    'has an unusable API key: wanted the key alone, without "Bearer"',
  ],
  ["a private address behind a name", { baseUrl: "https://${HOST}/v1" }, "has a private address"],
  ["an open connection", { baseUrl: "http://a.test/v1" }, "needs an https URL"],
])("refuses %s", async (_, provider, reason) => {
  await expect(asked(provider)).rejects.toThrow(
    `Cannot answer with model "m": provider "it" ${reason}`,
  );
});

test("reaches a private address that the environment names, and only for that provider", async () => {
  const network = fakeProvider(() => saying("hello"));
  const { models, context } = testModels({
    llm: { providers: { it: { baseUrl: "http://${WHERE}/v1", maxRetries: 0 } } },
    variables: {
      LLM_BASE_URL: "http://127.0.0.1:11434/v1/",
      LLM_API_KEY: "k",
      WHERE: "127.0.0.1:11434",
    },
    fetch: network.fetch,
  });
  const turn = { body: { messages: [] }, mayRetry: false };
  const own = await models.find("default/m", context);
  const other = await models.find("it/m", context);
  if (own === undefined || other === undefined) throw new Error("a model is not there");
  await models.openRaw(own, turn, context);
  expect(network.asked[0]?.url).toBe("http://127.0.0.1:11434/v1/chat/completions");
  await expect(models.openRaw(other, turn, context)).rejects.toThrow("private address");
});

test.each<[JsonObject, string, string]>([
  [
    { baseUrl: "https://api.anthropic.com/v1" },
    "https://api.anthropic.com/v1/models?limit=1000",
    "x-api-key",
  ],
  [
    { baseUrl: "https://api.cloudflare.com/client/v4/accounts/a/ai/v1" },
    "https://api.cloudflare.com/client/v4/accounts/a/ai/models/search?task=Text%20Generation&per_page=1000",
    "authorization",
  ],
  [{ baseUrl: "https://a.test/v1" }, "https://a.test/v1/models", "authorization"],
])("asks %j for its list", async (provider, url, header) => {
  const network = fakeProvider(() => listing("a"));
  const { models, context } = testModels({
    llm: { providers: { it: { apiKey: "${KEY}", ...provider } } },
    variables: VARIABLES,
    fetch: network.fetch,
  });
  await models.models(context);
  expect(network.asked[0]?.url).toBe(url);
  expect(network.asked[0]?.headers.get(header)).toContain("the-key");
});

test("reads Cloudflare's list and Gemini's ids", async () => {
  const lists: Readonly<Record<string, unknown>> = {
    cf: { result: [{ id: "uuid", name: "@cf/meta/llama", task: { name: "Text Generation" } }] },
    google: { data: [{ id: "models/gemini-x", display_name: "Gemini X" }] },
  };
  const { models, context } = testModels({
    llm: {
      providers: {
        cf: { baseUrl: "https://cf.test/v1", profile: "workers-ai" },
        google: { baseUrl: "https://google.test/v1", profile: "gemini" },
      },
    },
    fetch: async (url) => Response.json(lists[new URL(url).hostname.split(".")[0] ?? ""]),
  });
  expect(await models.models(context)).toMatchObject([
    { id: "cf/@cf/meta/llama" },
    { id: "google/gemini-x", name: "Gemini X" },
  ]);
});
