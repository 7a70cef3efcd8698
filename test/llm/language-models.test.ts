import { expect, inject, test } from "vitest";
import { PROFILE_NAMES, type ProfileName } from "../../src/config/llm-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { ProviderError } from "../../src/llm/provider-error.ts";
import { TurnRecord } from "../../src/llm/turn-record.ts";
import { testModels, type TestModels } from "../support/test-models.ts";

const PERSONALITY: Readonly<Record<ProfileName, string>> = {
  openai: "openai",
  azure: "azure",
  openrouter: "openrouter",
  ollama: "ollama",
  vllm: "vllm",
  "llama.cpp": "llamacpp",
  "workers-ai": "workersai-openai",
  "ai-gateway": "aigateway",
  gemini: "gemini",
  anthropic: "anthropic",
  mistral: "mistral",
  deepseek: "deepseek",
  generic: "strict",
};

const TOOL: JsonObject = {
  type: "function",
  function: {
    name: "look",
    description: "Looks",
    parameters: { type: "object", properties: { at: { type: "string" } } },
  },
};

/** All a client may send, and what some providers refuse. */
const EXTRAS: JsonObject = {
  temperature: 2,
  top_p: 0.5,
  max_completion_tokens: 50,
  parallel_tool_calls: true,
  seed: 3,
  user: "somebody",
  store: false,
  metadata: { a: "b" },
};

type Scripted = TestModels & Readonly<{ requests: () => Promise<readonly Recorded[]> }>;
type Recorded = Readonly<{ path: string; headers: Record<string, string>; body: JsonObject }>;

function scripted(profile: ProfileName, key: string, more: JsonObject = {}): Scripted {
  const url = `${inject("fixtures").llm}/${PERSONALITY[profile]}/${key}`;
  const provider = {
    baseUrl: profile === "azure" ? url : `${url}/v1`,
    profile,
    apiKey: "${SCRIPTED}",
    maxRetries: 0,
    ...more,
  };
  return {
    ...testModels({
      llm: { providers: { it: provider } },
      variables: { SCRIPTED: "scripted-key" },
      privateOrigins: [new URL(url).origin],
    }),
    requests: async () => (await fetch(`${url}/__reqs`)).json(),
  };
}

async function turn({ models, context }: TestModels, body: JsonObject): Promise<TurnRecord> {
  const ref = await models.find("it/scripted-1", context);
  if (ref === undefined) throw new Error("the model is not there");
  const record = new TurnRecord();
  const events = await models.openTurn(ref, { body, mayRetry: true }, context);
  await events.forEach((read) => record.add(read));
  return record;
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

function user(content: string): JsonObject {
  return { role: "user", content };
}

test.each(PROFILE_NAMES.flatMap((profile) => [true, false].map((stream) => ({ profile, stream }))))(
  "case 39: goes through two turns with tools at $profile, stream: $stream",
  async ({ profile, stream }) => {
    const at = scripted(profile, `turns-${profile.replace(".", "")}-${stream}`);
    const ask = user(
      'THINK hm\nCALL look {"at":"a"}\nCALL look {"at":"b"}\nTHEN\nSAY done {{results}}',
    );
    const body = { ...EXTRAS, messages: [user("…"), ask], tools: [TOOL], stream };
    const first = await turn(at, body);
    const calls = first.calls();
    expect(calls.map(({ argumentText }) => JSON.parse(argumentText) as unknown)).toEqual([
      { at: "a" },
      { at: "b" },
    ]);
    const answers = calls.map(({ id }, place) => ({
      role: "tool",
      tool_call_id: id,
      content: [{ type: "text", text: `r${place}` }],
    }));
    const second = await turn(at, {
      ...body,
      tool_choice: "auto",
      messages: [
        { role: "developer", content: "Be kind" },
        ask,
        first.assistantMessage(),
        ...answers,
      ],
    });
    expect(second.assistantMessage()["content"]).toBe("done r0 | r1");
    expect(second.usage).toMatchObject({ prompt_tokens: 5 });
  },
);

test.each(PROFILE_NAMES)("case 39: calls nothing more at %s when told so", async (profile) => {
  const at = scripted(profile, `last-${profile.replace(".", "")}`);
  const ask = user('CALL look {"at":"a"}');
  const first = await turn(at, { messages: [ask], tools: [TOOL], stream: true });
  const [call] = first.calls();
  const last = await turn(at, {
    messages: [
      ask,
      first.assistantMessage(),
      { role: "tool", tool_call_id: call?.id, content: "r" },
      { role: "system", content: "Answer now with what you have" },
    ],
    tools: [TOOL],
    tool_choice: "none",
    stream: true,
  });
  expect(last.calls()).toEqual([]);
  expect(last.assistantMessage()["content"]).toBe("Result: r");
});

test.each([
  [
    400,
    '{"message":"temperature is odd","param":"temperature","code":"odd_value"}',
    "invalid_params",
    { param: "temperature", code: "odd_value" },
  ],
  [
    401,
    '{"message":"Incorrect API key provided: scripted-key"}',
    "backend_failed",
    { code: "upstream_auth" },
  ],
  [403, "", "backend_failed", { code: "upstream_auth" }],
  [404, '{"message":"no such model"}', "not_found", { code: "model_not_found", param: "model" }],
  [413, "", "invalid_params", { code: "request_too_large" }],
  [422, "", "invalid_params", {}],
  [429, '{"headers":{"retry-after":"7"}}', "rate_limited", {}],
  [500, "", "backend_failed", {}],
  [503, "", "backend_failed", {}],
  [504, "", "backend_timeout", {}],
] as const)(
  "case 14: tells status %i of a provider as it is",
  async (status, json, code, finer) => {
    const at = scripted("openai", `error-${status}`);
    const error = await failure(
      turn(at, { messages: [user(`ERR ${status} ${json}`)], stream: true }),
    );
    expect(error.code).toBe(code);
    expect(error.finer).toEqual(finer);
    expect(error.retryAfter).toBe(status === 429 ? 7 : undefined);
    expect(error.message).toContain('model "scripted-1": provider "it"');
    expect(`${error.message} ${error.detail}`).not.toMatch(/scripted-key|127\.0\.0\.1/);
  },
);

test.each([
  '{"message":"Invalid URL (POST /chat/completions)"}',
  '{"message":"Unexpected endpoint or method. (POST /chat/completions)"}',
  '{"message":"File Not Found"}',
  '{"message":"Resource not found","code":"404"}',
  '{"message":"nowhere","code":"unknown_url"}',
  '{"body":"404 page not found"}',
])("blames the address, not the model, for 404 %s", async (json) => {
  const at = scripted("openai", `address-${json.length}`);
  const error = await failure(turn(at, { messages: [user(`ERR 404 ${json}`)], stream: true }));
  expect(error.message).toBe(
    'Cannot answer with model "scripted-1": provider "it" has nothing at its configured address (status 404): most end in "/v1"',
  );
});

test.each(["openai", "vllm", "gemini", "mistral", "workers-ai", "llama.cpp", "azure"] as const)(
  "case 14: reads what %s says of a bad request",
  async (profile) => {
    const at = scripted(profile, `words-${profile.replace(".", "")}`);
    const body = { messages: [user('ERR 400 {"message":"the tide is wrong"}')], stream: true };
    const error = await failure(turn(at, body));
    expect(error.code).toBe("invalid_params");
    expect(error.message).toContain("the tide is wrong");
  },
);

test.each<[string, string, boolean?]>([
  ["ERR html", "backend_failed"],
  ["ERR body200", "backend_failed"],
  ["ERR refuse", "backend_unavailable"],
  ["ERR cut", "backend_failed", false],
  ['ERR 302 {"headers":{"location":"https://elsewhere.test/"}}', "backend_unavailable"],
])("case 14: fails well on %s", async (script, code, stream = true) => {
  const at = scripted("openai", `odd-${script.replaceAll(/[^a-z0-9]/g, "").slice(0, 20)}`);
  const ref = await at.models.find("it/scripted-1", at.context);
  if (ref === undefined) throw new Error("the model is not there");
  const body = { messages: [user(script)], stream };
  const opening = at.models.openTurn(ref, { body, mayRetry: false }, at.context);
  await expect(opening).rejects.toMatchObject({ code });
});

test.each(["openai", "gemini", "anthropic", "generic"] as const)(
  "case 21: names the tool that %s refuses",
  async (profile) => {
    const at = scripted(profile, `reject-${profile}`);
    const other = {
      ...TOOL,
      function: { name: "other", parameters: { type: "object", properties: {} } },
    };
    const body = { messages: [user("REJECT look")], tools: [other, TOOL], stream: true };
    expect((await failure(turn(at, body))).rejectedTool).toEqual({ name: "look" });
  },
);

test("demands a named function where the provider knows only that one must be called", async () => {
  const at = scripted("llama.cpp", "named");
  const other = {
    ...TOOL,
    function: { name: "other", parameters: { type: "object", properties: {} } },
  };
  const named = await turn(at, {
    messages: [user("SAY hello")],
    tools: [other, TOOL],
    tool_choice: { type: "function", function: { name: "look" } },
    stream: true,
  });
  expect(named.calls().map(({ name }) => name)).toEqual(["look"]);
});

test("case 16: lets go of a provider within a second when the caller gives up", async () => {
  const at = scripted("openai", "gone");
  const opening = failure(turn(at, { messages: [user("ERR hang")], stream: true }));
  await fetch(`${inject("fixtures").llm}/openai/gone/__reqs?arrived=1`);
  at.life.abort();
  expect((await opening).code).toBe("cancelled");
  const left = await fetch(`${inject("fixtures").llm}/openai/gone/__reqs?abandoned=1&within=1000`);
  expect(left.status).toBe(200);
});

test("case 14: ends a provider that says nothing", async () => {
  const at = scripted("openai", "silent", { timeout: 7 });
  const opening = failure(turn(at, { messages: [user("ERR hang")], stream: true }));
  await fetch(`${inject("fixtures").llm}/openai/silent/__reqs?arrived=1`);
  await at.clock.advance(7_000);
  expect((await opening).message).toBe(
    'Cannot answer with model "scripted-1": provider "it" did not answer within 7 s',
  );
});

test("case 32: embeds with the bytes a client sent and those the provider answers", async () => {
  const at = scripted("openai", "embed");
  const ref = await at.models.find("text-embedding-scripted", at.context);
  if (ref === undefined) throw new Error("the model is not there");
  const sent = { model: "x", input: ["a", [1, 2]], encoding_format: "base64", odd: 1 };
  const answer = await at.models.embed(ref, sent, at.context);
  expect(await answer.json()).toMatchObject({ object: "list" });
  const requests = await at.requests();
  expect(requests.at(-1)?.body).toEqual({ ...sent, model: "text-embedding-scripted" });
});

test("passes a raw answer on as it comes, and asks for no usage nobody asked for", async () => {
  const at = scripted("openai", "raw");
  const ref = await at.models.find("it/scripted-1", at.context);
  if (ref === undefined) throw new Error("the model is not there");
  const body = { messages: [user("SAY hello")], stream: true };
  const answer = await at.models.openRaw(ref, { body, mayRetry: true }, at.context);
  expect(await answer.text()).toContain("[DONE]");
  expect((await at.requests()).at(-1)?.body["stream_options"]).toBeUndefined();
});
