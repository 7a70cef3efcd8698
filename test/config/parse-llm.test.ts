import { expect, test } from "vitest";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";
import type { LlmConfig } from "../../src/config/llm-config.ts";

function parse(llm: unknown) {
  return parseConfig(parseDocumentText(JSON.stringify({ mcpServers: {}, llm })));
}

function llmOf(llm: unknown): LlmConfig {
  const { config } = parse(llm);
  if (config.llm === undefined) throw new TypeError("the config has a part llm");
  return config.llm;
}

function problem(llm: unknown): string {
  try {
    parse(llm);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

const provider = (entry: object) => ({
  providers: { p: { baseUrl: "https://p.example/v1", ...entry } },
});

test("reads providers, aliases and limits, and fills in what is not said", () => {
  const llm = llmOf({
    providers: {
      local: {
        baseUrl: "http://192.168.1.5:11434/v1/",
        models: ["qwen3:8b", { id: "llama*", name: "Llama", tags: ["fast"] }],
        timeout: 30,
        maxRetries: 0,
        images: true,
        maxTools: 64,
        headers: { "X-A": "${B}" },
      },
      cf: { binding: "AI" },
    },
    defaultModel: "fast",
    aliases: { fast: "local/qwen3:8b" },
    loop: { maxTurns: 3, maxSeconds: 20, toolSeconds: 5, mixed: "execute", approvals: "ask" },
  });
  expect(llm).toEqual({
    providers: [
      {
        name: "local",
        profile: "ollama",
        baseUrl: "http://192.168.1.5:11434/v1",
        binding: undefined,
        apiKey: undefined,
        headers: { "X-A": "${B}" },
        apiVersion: undefined,
        models: [
          { id: "qwen3:8b", tags: [] },
          { id: "llama*", name: "Llama", tags: ["fast"] },
        ],
        timeoutMs: 30_000,
        maxRetries: 0,
        images: true,
        maxTools: 64,
      },
      {
        name: "cf",
        profile: "workers-ai",
        baseUrl: "",
        binding: "AI",
        apiKey: undefined,
        headers: {},
        apiVersion: undefined,
        models: [],
        timeoutMs: 120_000,
        maxRetries: 3,
        images: false,
        maxTools: 128,
      },
    ],
    defaultModel: "fast",
    aliases: { fast: "local/qwen3:8b" },
    loop: {
      maxTurns: 3,
      maxCalls: 50,
      maxMs: 20_000,
      maxTokens: undefined,
      toolTimeoutMs: 5_000,
      maxResultChars: 100_000,
      mixed: "execute",
      approvals: "ask",
    },
  });
});

test("takes an empty part for one without providers, and warns of nothing", () => {
  const { config, warnings } = parse({});
  expect(config.llm).toMatchObject({ providers: [], aliases: {}, loop: { maxTurns: 10 } });
  expect(warnings).toEqual([]);
  expect(parseConfig({ mcpServers: {} }).config.llm).toBeUndefined();
});

test.each([
  { baseUrl: "https://p.example/v1", apiKey: "k" },
  { base_url: "https://p.example/v1", api_key: "k" },
  { baseURL: "https://p.example/v1", key: "k" },
  { url: "https://p.example/v1", apiKey: "k" },
])("knows address and key by the names other tools use: %j", (entry) => {
  expect(llmOf({ providers: { p: entry } }).providers[0]).toMatchObject({
    baseUrl: "https://p.example/v1",
    apiKey: "k",
  });
});

test("takes an empty key for none, and snake_case for every key", () => {
  const entry = { apiKey: "", max_retries: 1, max_tools: 8, api_version: "2025-04-01" };
  expect(llmOf(provider(entry)).providers[0]).toMatchObject({
    apiKey: undefined,
    maxRetries: 1,
    maxTools: 8,
    apiVersion: "2025-04-01",
  });
});

test.each([
  ["https://api.openai.com/v1", "openai"],
  ["https://x.openai.azure.com", "azure"],
  ["https://x.cognitiveservices.azure.com/openai/v1", "azure"],
  ["https://openrouter.ai/api/v1", "openrouter"],
  ["http://10.0.0.2:11434/v1", "ollama"],
  ["https://gateway.ai.cloudflare.com/v1/a/b/compat", "ai-gateway"],
  ["https://api.cloudflare.com/client/v4/accounts/a/ai/v1", "workers-ai"],
  ["https://generativelanguage.googleapis.com/v1beta/openai", "gemini"],
  ["https://api.anthropic.com/v1", "anthropic"],
  ["https://api.mistral.ai/v1", "mistral"],
  ["https://api.deepseek.com", "deepseek"],
  ["https://api.openai.com.evil.example/v1", "generic"],
  ["https://llm.example.com/v1", "generic"],
])("guesses who answers at %s", (baseUrl, profile) => {
  expect(llmOf({ providers: { p: { baseUrl } } }).providers[0]?.profile).toBe(profile);
});

test("believes a profile that is named", () => {
  expect(llmOf(provider({ profile: "vllm" })).providers[0]?.profile).toBe("vllm");
});

test("takes a model whose bare id has a slash where a provider names it", () => {
  const llm = llmOf({
    ...provider({ models: ["meta/llama", "@cf/qwen/*"] }),
    defaultModel: "meta/llama",
    aliases: { q: "p/@cf/qwen/qwen3", any: "gpt-4o", own: "default/gpt-4o" },
  });
  expect(llm.defaultModel).toBe("meta/llama");
  expect(llm.aliases).toEqual({ q: "p/@cf/qwen/qwen3", any: "gpt-4o", own: "default/gpt-4o" });
});

const tooMany = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, {}]));

test.each<[unknown, string | RegExp]>([
  [null, "llm: null, wanted an object"],
  [
    { provider: {} },
    'llm.provider: "…", wanted only the keys "providers", "defaultModel", "aliases", "loop"',
  ],
  [{ providers: [] }, "llm.providers: [], wanted an object of providers by name"],
  [{ providers: tooMany(51) }, "llm.providers: 51, wanted at most 50 providers"],
  [{ providers: { Raw: {} } }, /^llm\.providers\["Raw"\]: "Raw", wanted a name of a-z/],
  [{ providers: { raw: {} } }, /wanted another name: raw\/\{model\} is a model without tools$/],
  [
    { providers: { default: {} } },
    /wanted another name: it is the provider of the variable LLM_BASE_URL$/,
  ],
  [
    { providers: { p: {} } },
    "llm.providers.p.baseUrl: missing, wanted the address of an OpenAI-compatible API",
  ],
  [
    provider({ binding: "AI" }),
    'llm.providers.p.baseUrl: "…", wanted either "baseUrl" or "binding"',
  ],
  [
    { providers: { p: { binding: "A-I" } } },
    'llm.providers.p.binding: "A-I", wanted the name of a binding, for example "AI"',
  ],
  [
    { providers: { p: { url: "ftp://x/secret" } } },
    'llm.providers.p.url: "ftp://x", wanted an http or https URL',
  ],
  [
    { providers: { p: { url: "https://x.example?key=s" } } },
    /^llm\.providers\.p\.url: "https:\/\/x\.example", wanted a URL without a query/,
  ],
  [
    provider({ url: "https://x.example" }),
    'llm.providers.p.url: "…", wanted only one of "baseUrl" and "url": they mean the same',
  ],
  [
    provider({ apikey: "sk-secret" }),
    /^llm\.providers\.p\.apikey: "…", wanted only the keys "baseUrl", "binding", "apiKey"/,
  ],
  [provider({ apiKey: 5 }), "llm.providers.p.apiKey: a number, wanted a string"],
  [provider({ apiKey: "sk\nx" }), /^llm\.providers\.p\.apiKey: "…", wanted a value on one line/],
  [provider({ apiKey: "sk a" }), 'llm.providers.p.apiKey: "…", wanted a key without spaces'],
  [
    provider({ apiKey: "Bearer sk-a" }),
    'llm.providers.p.apiKey: "…", wanted the key alone, without "Bearer"',
  ],
  [{ providers: { p: { url: "" } } }, 'llm.providers.p.url: "", wanted a URL like https://host/v1'],
  [provider({ profile: "groq" }), /^llm\.providers\.p\.profile: "groq", wanted one of "openai"/],
  [
    provider({ headers: { Host: "x" } }),
    /^llm\.providers\.p\.headers\.Host: "…", wanted another header/,
  ],
  [provider({ timeout: 0 }), "llm.providers.p.timeout: 0, wanted seconds from 1 to 600"],
  [
    provider({ maxRetries: 1.5 }),
    "llm.providers.p.maxRetries: 1.5, wanted a whole number from 0 to 10",
  ],
  [
    provider({ max_tools: 513 }),
    "llm.providers.p.max_tools: 513, wanted a whole number from 1 to 512",
  ],
  [provider({ images: "yes" }), 'llm.providers.p.images: "yes", wanted true or false'],
  [provider({ models: "a" }), 'llm.providers.p.models: "a", wanted a list of up to 500 models'],
  [
    provider({ models: [1] }),
    'llm.providers.p.models[0]: 1, wanted a model id, or an object with "id"',
  ],
  [
    provider({ models: [{ tags: [] }] }),
    "llm.providers.p.models[0].id: missing, wanted the id of a model",
  ],
  [provider({ models: ["a", "a"] }), 'llm.providers.p.models: "a", wanted each model once'],
  [
    { defaultModel: "p/x" },
    'llm.defaultModel: "p/x", wanted a model of a provider in "llm.providers": there is none',
  ],
  [
    { ...provider({}), defaultModel: "q/x" },
    'llm.defaultModel: "q/x", wanted {provider}/{model} with one of the providers "p"',
  ],
  [
    { ...provider({}), defaultModel: "p/" },
    'llm.defaultModel: "p/", wanted a model as {provider}/{model}',
  ],
  [
    { ...provider({ models: ["a*"] }), defaultModel: "p/b" },
    'llm.defaultModel: "p/b", wanted one of the models of "p": "a*"',
  ],
  [
    { defaultModel: "mcp-gateway" },
    'llm.defaultModel: "mcp-gateway", wanted a model as {provider}/{model}',
  ],
  [{ aliases: { fast: "p/x" } }, /^llm\.aliases\.fast: "p\/x", wanted a model of a provider/],
  [{ aliases: { a: "b", b: "c" } }, 'llm.aliases.a: "b", wanted a model: this is an alias itself'],
  [{ aliases: { "raw/x": "m" } }, /^llm\.aliases\.raw\/x: "raw\/x", wanted a name of letters/],
  [{ aliases: { pipeline: "m" } }, /^llm\.aliases\.pipeline: "pipeline", wanted a name/],
  [{ loop: { maxTurns: 0 } }, "llm.loop.maxTurns: 0, wanted a whole number from 1 to 50"],
  [{ loop: { maxSeconds: 1 } }, "llm.loop.maxSeconds: 1, wanted seconds from 5 to 3600"],
  [{ loop: { mixed: "both" } }, 'llm.loop.mixed: "both", wanted one of "defer", "execute"'],
  [{ loop: { rounds: 1 } }, /^llm\.loop\.rounds: "…", wanted only the keys "maxTurns"/],
])("names path, value and what was wanted in %j", (llm, expected) => {
  expect(problem(llm)).toMatch(expected);
});
