import { beforeAll, expect, inject, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { LLM_FAILURE_KEY } from "../../src/llm/llm-tools-failure.ts";
import { openRawSession } from "../support/raw-session.ts";
import { configure, legacy, modern, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

/** Every test has requests of its own: a provider each, under a key of its name. */
const PROVIDERS = ["plain", "full", "pictures", "calls", "told", "failing"];

function provider(name: string): JsonObject {
  return {
    baseUrl: `${inject("fixtures").llm}/openai/builtin-llm-${name}/v1`,
    apiKey: "scripted-key",
    maxRetries: 0,
    models: [{ id: "scripted-1", name: "Scripted", tags: [`${name}-tag`] }, "scripted-2"],
  };
}

beforeAll(async () => {
  await configure({
    mcpServers: { llm: { builtin: "llm" } },
    llm: {
      providers: Object.fromEntries(PROVIDERS.map((name) => [name, provider(name)])),
      defaultModel: "plain/scripted-1",
      aliases: { small: "full/scripted-2" },
    },
  });
});

async function call(name: string, args: JsonObject, meta?: JsonObject): Promise<JsonObject> {
  const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
  const { message } = await legacy("tools/call", params, "/mcp/llm");
  if (message.result === undefined) throw new Error(JSON.stringify(message.error));
  return message.result;
}

/** What the model is to do stands in the question; see `scripted-llm.ts`. */
function chat(script: string, more: JsonObject = {}): Promise<JsonObject> {
  return call("chat_completion", { messages: [{ role: "user", content: script }], ...more });
}

function structured(result: JsonObject): JsonObject {
  const { structuredContent } = result;
  if (!isJsonObject(structuredContent)) throw new Error(JSON.stringify(result));
  return structuredContent;
}

function textOf({ content }: JsonObject): string {
  const [first] = Array.isArray(content) ? content : [];
  return String(first.text);
}

async function recorded(name: string): Promise<JsonObject[]> {
  const url = `${inject("fixtures").llm}/openai/builtin-llm-${name}/__reqs`;
  const requests = (await (await fetch(url)).json()) as { method: string; body: JsonObject }[];
  return requests.filter(({ method }) => method === "POST").map(({ body }) => body);
}

test("lists its tools with schemas, in both eras", async () => {
  const names = ["chat_completion", "list_models", "list_providers", "list_tags"];
  for (const ask of [
    legacy("tools/list", {}, "/mcp/llm"),
    modern("tools/list", {}, { path: "/mcp/llm" }),
  ]) {
    const { message } = await ask;
    expect(message.result?.["tools"]).toEqual(
      names.map((name) =>
        expect.objectContaining({
          name,
          inputSchema: expect.objectContaining({ type: "object" }),
          outputSchema: expect.objectContaining({ type: "object" }),
        }),
      ),
    );
  }
});

test("answers with a chat completion, as text and as structured content", async () => {
  const result = await chat("SAY Hello there");
  expect(result["isError"]).toBe(false);
  expect(structured(result)).toMatchObject({
    object: "chat.completion",
    provider: "plain",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 1 },
  });
  expect(textOf(result)).toBe(JSON.stringify(structured(result), null, 2));
});

test("passes on what was asked for, streams, and bounds the answer", async () => {
  const wanted = {
    temperature: 0.5,
    top_p: 0.9,
    stop: ["END"],
    seed: 7,
    response_format: { type: "json_object" },
  };
  await chat("SAY {}", { model: "full/scripted-1", ...wanted, colour: "red" });
  await chat("SAY {}", { provider: "full", model: "scripted-1", max_tokens: 10, stop: null });
  const [first = {}, second = {}] = await recorded("full");
  expect(first).toMatchObject({ ...wanted, model: "scripted-1", stream: true });
  expect(first).not.toHaveProperty("colour");
  const bounds = [first, second].map((body) => body["max_tokens"] ?? body["max_completion_tokens"]);
  expect(bounds).toEqual([4_096, 10]);
  expect(second).not.toHaveProperty("stop");
});

test("shows pictures to the model", async () => {
  const content = [
    { type: "text", text: "SAY A dot" },
    { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
  ];
  await call("chat_completion", {
    model: "pictures/scripted-1",
    messages: [{ role: "user", content }],
  });
  const [body = {}] = await recorded("pictures");
  expect(body["messages"]).toEqual([{ role: "user", content }]);
});

test("returns the calls a model makes of the caller's tools", async () => {
  const tools = [
    { type: "function", function: { name: "weather", parameters: { type: "object" } } },
  ];
  const result = await chat('CALL weather {"city":"Rome"}', {
    provider: "calls",
    model: "scripted-1",
    tools,
  });
  expect(structured(result)["choices"]).toMatchObject([
    {
      message: {
        content: null,
        tool_calls: [
          { type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        ],
      },
      finish_reason: "tool_calls",
    },
  ]);
});

test("tells what a model says while it says it, to a client that wants to hear", async () => {
  const words = Array.from({ length: 12 }, (_, index) => `word${index}`).join(" ");
  const params = {
    name: "chat_completion",
    arguments: {
      model: "told/scripted-1",
      messages: [{ role: "user", content: `SLOW 100\nSAY ${words}` }],
    },
    _meta: { progressToken: "mine" },
  };
  const started = Date.now();
  const { notifications, message } = await legacy("tools/call", params, "/mcp/llm");
  const seconds = (Date.now() - started) / 1_000;
  const told = notifications.map(({ method, params: progress }) => {
    expect(method).toBe("notifications/progress");
    return progress as { progressToken: string; progress: number; message: string };
  });
  expect(told.length).toBeGreaterThan(1);
  expect(told.length).toBeLessThanOrEqual(4 * seconds + 1);
  expect(told.every(({ progressToken }) => progressToken === "mine")).toBe(true);
  const amounts = told.map(({ progress }) => progress);
  expect(amounts).toEqual([...new Set(amounts)].toSorted((a, b) => a - b));
  expect(
    words.startsWith(
      told
        .map((one) => one.message)
        .join("")
        .trimEnd(),
    ),
  ).toBe(true);
  expect(structured(message.result ?? {})["choices"]).toMatchObject([
    { message: { content: words } },
  ]);
});

test("tells nothing to a client that did not ask for it", async () => {
  const args = { messages: [{ role: "user", content: "SLOW 50\nSAY one two three" }] };
  const { notifications } = await modern("tools/call", {
    name: "llm_chat_completion",
    arguments: args,
  });
  expect(notifications).toEqual([]);
});

test.each([
  ["a rate limit", 'ERR 429 {"message":"slow down","headers":{"retry-after":"120"}}', -32002],
  ["a refused credential", 'ERR 401 {"message":"bad key"}', -32001],
  ["a broken provider", 'ERR 500 {"message":"oops"}', -32004],
  ["a refused request", 'ERR 400 {"message":"too hot"}', -32602],
])("says %s as a result one can read, with its number", async (_, script, code) => {
  const result = await chat(script, { model: "failing/scripted-1" });
  expect(result["isError"]).toBe(true);
  expect(textOf(result)).toMatch(/^Error: Chat completion failed: Cannot /);
  expect(result["_meta"]).toMatchObject({ [LLM_FAILURE_KEY]: { code } });
});

test.each([
  [{ model: "nobody/knows-this" }, -32003],
  [{ provider: "nobody" }, -32003],
  [{ provider: "full" }, -32005],
  [{ messages: [] }, -32602],
  [{ messages: "hello" }, -32602],
])("refuses %j", async (args, code) => {
  const result = await chat("SAY no", args);
  expect(result).toMatchObject({ isError: true, _meta: { [LLM_FAILURE_KEY]: { code } } });
  expect(result).not.toHaveProperty("structuredContent");
});

test.each([
  [{ model: "small" }, "full", "scripted-2"],
  [{ model: "told-tag" }, "told", "scripted-1"],
  [{ model: "calls/scripted-2" }, "calls", "scripted-2"],
  [{ model: "scripted-2", provider: "told" }, "told", "scripted-2"],
  [{ model: "told-tag", provider: "told" }, "told", "scripted-1"],
  [{ provider: "plain" }, "plain", "scripted-1"],
  [{ model: "", provider: null }, "plain", "scripted-1"],
])("finds the model of %j", async (args, from, model) => {
  expect(structured(await chat("SAY here", args))).toMatchObject({ provider: from, model });
});

test("lists the models of one provider, or of all", async () => {
  const one = structured(await call("list_models", { provider: "told" }));
  expect(one).toMatchObject({
    provider: "told",
    models: [
      { id: "told/scripted-1", display_name: "Scripted", provider: "told", tags: ["told-tag"] },
      { id: "told/scripted-2", provider: "told" },
    ],
  });
  const all = structured(await call("list_models", {}));
  expect(all["models"]).toHaveLength(2 * PROVIDERS.length);
});

test("lists providers, tags and aliases", async () => {
  const providers = structured(await call("list_providers", {}));
  expect(providers["default_provider"]).toBe("plain");
  expect(providers["providers"]).toContainEqual({ id: "plain", type: "generic", isDefault: true });
  const tags = structured(await call("list_tags", { provider: "full" }));
  expect(tags).toEqual({
    providers: [{ id: "full", isDefault: false }],
    tags: [{ tag: "full-tag", provider: "full", model: "scripted-1" }],
    aliases: [{ alias: "small", provider: "full", model: "scripted-2" }],
  });
});

test("knows only the models a key may use", async () => {
  const created = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "narrow", models: ["told/scripted-2"] }),
  });
  const { key } = (await created.json()) as { key: string };
  const ask = async (name: string, args: JsonObject): Promise<JsonObject> => {
    const response = await send("/mcp/llm", {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name, arguments: args },
      }),
    });
    return ((await response.json()) as { result: JsonObject }).result;
  };
  const listed = structured(await ask("list_models", {}));
  expect(listed["models"]).toMatchObject([{ id: "told/scripted-2" }]);
  const messages = [{ role: "user", content: "SAY hi" }];
  const allowed = await ask("chat_completion", { messages, model: "told/scripted-2" });
  expect(allowed["isError"]).toBe(false);
  for (const model of ["told/scripted-1", "small", "told/never-was"]) {
    const refused = await ask("chat_completion", { messages, model });
    expect(textOf(refused)).toBe(
      `Error: Chat completion failed: Cannot find model "${model}": list_models tells which there are`,
    );
  }
  const standard = await ask("chat_completion", { messages });
  expect(standard).toMatchObject({ _meta: { [LLM_FAILURE_KEY]: { code: -32005 } } });
});

test("asks the model its client names in a header where a call names none, in every lane", async () => {
  const headers = { "x-gateway-default-model": "small" };
  const params = {
    name: "chat_completion",
    arguments: { messages: [{ role: "user", content: "SAY x" }] },
  };
  const direct = await modern("tools/call", params, { path: "/mcp/llm", headers });
  expect(structured(direct.message.result ?? {})).toMatchObject({ provider: "full" });

  const named = { ...params, arguments: { ...params.arguments, model: "calls/scripted-1" } };
  const chosen = await modern("tools/call", named, { path: "/mcp/llm", headers });
  expect(structured(chosen.message.result ?? {})).toMatchObject({ provider: "calls" });

  const session = await openRawSession(
    (path, init) => sendAuthorized(path, { ...init, headers: { ...init.headers, ...headers } }),
    { path: "/mcp/llm", capabilities: { elicitation: {} } },
  );
  const events = await session.request(7, "tools/call", params);
  const { result } = await events.until(({ id }) => id === 7);
  expect(structured(isJsonObject(result) ? result : {})).toMatchObject({ provider: "full" });
});
