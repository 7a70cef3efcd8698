import OpenAI, { APIError } from "openai";
import { expect, onTestFinished, test } from "vitest";
import { SCRIPTED_KEY, startScriptedLlm } from "../support/scripted-llm.ts";

const llm = await startScriptedLlm();

const ADD = tool("add", { type: "object", properties: { a: { type: "number" } } });
const LOOK = tool("look", { type: "object", properties: {} });

type Ask = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>;
type Message = OpenAI.ChatCompletionMessageParam;

function tool(name: string, parameters: Record<string, unknown>): OpenAI.ChatCompletionTool {
  return { type: "function", function: { name, parameters } };
}

function clientOf(personality: string, key = personality): OpenAI {
  const baseURL = `${llm.url}/${personality}/${key}/v1`;
  return new OpenAI({ baseURL, apiKey: SCRIPTED_KEY, maxRetries: 0 });
}

function user(...lines: readonly string[]): Message {
  return { role: "user", content: lines.join("\n") };
}

async function whole(
  lines: readonly string[],
  { personality = "openai", ...ask }: Ask & { personality?: string } = {},
): Promise<OpenAI.ChatCompletion> {
  return await clientOf(personality).chat.completions.create({
    model: "scripted-1",
    messages: [user(...lines)],
    ...ask,
  });
}

async function textOf(lines: readonly string[], ask: Ask = {}): Promise<string> {
  return (await whole(lines, ask)).choices[0]?.message.content ?? "";
}

/** The bytes of a streamed answer. */
async function bytesOf(
  lines: readonly string[],
  { personality = "openai", ...ask }: Record<string, unknown> & { personality?: string } = {},
): Promise<string> {
  const response = await post(lines, { personality, stream: true, ...ask });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  return await response.text();
}

async function post(
  lines: readonly string[],
  {
    personality = "openai",
    key = "post",
    signal,
    ...ask
  }: Record<string, unknown> & { personality?: string; key?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  return await fetch(`${llm.url}/${personality}/${key}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${SCRIPTED_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "scripted-1", messages: [user(...lines)], ...ask }),
    ...(signal && { signal }),
  });
}

type Chunk = {
  choices: { delta: Record<string, unknown>; finish_reason: string | null }[];
  [key: string]: unknown;
};

function chunksIn(bytes: string): Chunk[] {
  return bytes
    .split("\n\n")
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice("data: ".length)));
}

/** Asks until the model calls no more; every call is answered with its own arguments. */
async function converse(
  personality: string,
  { messages, ...ask }: Ask & { messages: Message[] },
): Promise<Message[]> {
  const client = clientOf(personality);
  for (let round = 0; round < 6; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn follows another
    const { choices } = await client.chat.completions.create({
      model: "scripted-1",
      tools: [ADD, LOOK],
      ...ask,
      messages,
    });
    const message = choices[0]?.message;
    if (message === undefined) break;
    messages.push(message);
    if (message.tool_calls === undefined) break;
    for (const call of message.tool_calls) {
      if (call.type !== "function") continue;
      messages.push({
        role: "tool",
        tool_call_id: call.id,
        content: `did ${call.function.arguments}`,
      });
    }
  }
  return messages;
}

function lastText(messages: readonly Message[]): unknown {
  return messages.at(-1)?.content;
}

test("says text, thinks, and counts its tokens", async () => {
  const { choices, usage } = await whole(["THINK so so", "SAY two words"]);
  expect(choices[0]?.message).toMatchObject({ content: "two words", reasoning_content: "so so" });
  expect(choices[0]?.finish_reason).toBe("stop");
  expect(usage).toMatchObject({
    prompt_tokens: 1,
    completion_tokens: 4,
    completion_tokens_details: { reasoning_tokens: 2 },
  });
  expect(await whole(["SAY x", "NOUSAGE"])).not.toHaveProperty("usage");
});

test("streams the same, with usage only where it is asked for", async () => {
  const stream = clientOf("openai").chat.completions.stream({
    model: "scripted-1",
    messages: [user("SAY one two", 'CALL add {"a": 12}')],
    tools: [ADD],
    stream_options: { include_usage: true },
  });
  const completion = await stream.finalChatCompletion();
  expect(completion.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: "one two",
      tool_calls: [{ function: { name: "add", arguments: '{"a": 12}' } }],
    },
  });
  expect(completion.usage?.completion_tokens).toBe(3);
  const bytes = await bytesOf(["SAY x"]);
  expect(bytes).not.toContain("usage");
  expect(bytes.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("works through rounds of tools, parallel ones together", async () => {
  const messages = await converse("openai", {
    messages: [
      user(
        "MIX first",
        'CALL add {"a":{{round}}}',
        "CALL look",
        "THEN",
        'CALL add {"a":{{round}}}',
        "THEN",
        "SAY saw {{results}}",
      ),
    ],
  });
  expect(lastText(messages)).toBe('saw did {"a":0} | did {} | did {"a":1}');
  expect(messages).toHaveLength(7);
});

test("ends with the results when the script does", async () => {
  const messages = await converse("openai", { messages: [user("CALL look")] });
  expect(lastText(messages)).toBe("Result: did {}");
});

test("loops while tools are offered and allowed", async () => {
  expect(await converse("openai", { messages: [user("LOOP", "CALL look")] })).toHaveLength(13);
  expect(lastText(await converse("openai", { messages: [user("LOOP 2")] }))).toBe(
    "Result: did {} | did {}",
  );
  expect(await textOf(["LOOP", "CALL look"], { tools: [LOOK], tool_choice: "none" })).toBe(
    "No tools",
  );
});

test("obeys a choice of tool to the letter, without end", async () => {
  const choice = { type: "function", function: { name: "add" } } as const;
  const named = await converse("openai", { messages: [user("SAY hi")], tool_choice: choice });
  expect(named).toHaveLength(13);
  const required = await whole(["SAY hi"], { tools: [LOOK], tool_choice: "required" });
  expect(required.choices[0]?.message.tool_calls).toHaveLength(1);
  const single = await whole(["CALL add", "CALL look"], {
    tools: [ADD, LOOK],
    parallel_tool_calls: false,
  });
  expect(single.choices[0]?.message.tool_calls).toHaveLength(1);
});

test("answers without a script", async () => {
  expect(await textOf(["hello"])).toBe("You said: hello");
  expect(await textOf(['### Task:\nanswer as { "tags": [] }'])).toBe('{ "tags": ["scripted"] }');
  const called = await whole(["please look"], { tools: [ADD, LOOK] });
  expect(called.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "look" } }]);
});

test("passes over the pictures of a tool", async () => {
  const messages = await converse("openai", { messages: [user("CALL look", "THEN", "SAY done")] });
  const again = await converse("openai", {
    messages: [...messages.slice(0, 3), user("Here are the images")],
  });
  expect(lastText(again)).toBe("done");
});

test("tells what it received", async () => {
  const digest = JSON.parse(
    await textOf(["ECHO"], { tools: [LOOK], temperature: 0.5, tool_choice: "auto" }),
  );
  expect(digest).toEqual({
    messages: [{ role: "user", text: "ECHO", keys: ["content", "role"] }],
    tools: ["look"],
    tool_choice: "auto",
    params: { temperature: 0.5 },
  });
});

test("says much in many deltas or in one", async () => {
  const chunks = chunksIn(await bytesOf(["CHUNKS 50 8 10"]));
  expect(chunks.filter(({ choices }) => choices[0]?.delta["content"])).toHaveLength(50);
  expect((await textOf(["BIG 70000"])).length).toBe(70_000);
});

test("sends deltas, chunks and bytes as they are written", async () => {
  const bytes = await bytesOf([
    'RAW {"odd":1}',
    'RAWCHUNK {"choices":[],"event":2}',
    "RAWTEXT : note\\n\\n",
    "FINISH length",
    "NODONE",
    "UPPER",
  ]);
  expect(chunksIn(bytes)[1]?.choices[0]?.delta).toEqual({ odd: 1 });
  expect(bytes).toContain('data: {"choices":[],"event":2}\n\n: note\n\n');
  expect(chunksIn(bytes).at(-1)?.choices[0]?.finish_reason).toBe("LENGTH");
  expect(bytes).not.toContain("[DONE]");
  const message = (await whole(['RAW {"odd":1}'])).choices[0]?.message;
  expect(message).toHaveProperty("odd", 1);
});

test("bends its calls", async () => {
  const calls = async (...lines: string[]): Promise<unknown[]> => {
    const bytes = await bytesOf([...lines, 'CALL add {"a":1}', "CALL look"], {
      tools: [ADD, LOOK],
    });
    return chunksIn(bytes).flatMap(({ choices }) => choices[0]?.delta["tool_calls"] ?? []);
  };
  expect(await calls("ARGS object", "NOINDEX", "NOID")).toEqual([
    { type: "function", function: { name: "add", arguments: { a: 1 } } },
    { type: "function", function: { name: "look", arguments: {} } },
  ]);
  const id = expect.stringMatching(/^call_/);
  expect(await calls("ARGS string", "REPEATID", "SAMEID", "INTERLEAVE")).toMatchObject([
    { index: 0, id, function: { name: "add", arguments: "" } },
    { index: 1, id, function: { name: "look" } },
    { index: 0, id, function: { arguments: '{"a":1}' } },
    { index: 1, id },
  ]);
  expect(await calls("ARGS string", "EMPTYID")).toMatchObject([
    { id },
    { id: "" },
    { id },
    { id: "" },
  ]);
  expect(await calls("ARGS whole")).toHaveLength(2);
  expect(await calls("ARGS empty")).toHaveLength(2);
  expect(JSON.stringify(await calls("ARGS bad"))).toContain("oops");
});

test("fails before it begins", async () => {
  const failed = await whole([
    'ERR 429 {"message":"slow down","code":"rate","headers":{"retry-after":"7"}}',
  ]).catch((error: unknown) => error);
  expect(failed).toMatchObject({ status: 429, code: "rate", type: "rate_limit_error" });
  expect(failed instanceof APIError && failed.headers.get("retry-after")).toBe("7");
  expect((await post(["ERR html"])).headers.get("content-type")).toBe("text/html");
  expect(await (await post(["ERR body200 oh"])).json()).toMatchObject({ error: { message: "oh" } });
  await expect(post(["ERR refuse"])).rejects.toThrow();
  await expect(post(["ERR hang"], { signal: AbortSignal.timeout(50) })).rejects.toThrow();
});

test("fails only the first times", async () => {
  const ask = async (): Promise<number> =>
    (await post(["ERRONCE 503 2", "SAY x"], { key: "once" })).status;
  expect([await ask(), await ask(), await ask()]).toEqual([503, 503, 200]);
});

test("refuses a function while it is offered", async () => {
  await expect(whole(["REJECT look", "SAY x"], { tools: [ADD, LOOK] })).rejects.toMatchObject({
    status: 400,
    param: "tools[1].function.parameters",
  });
  expect(await textOf(["REJECT look", "SAY x"], { tools: [ADD] })).toBe("x");
});

test("breaks in the middle", async () => {
  const [chunk, nofinish, badjson] = await Promise.all([
    bytesOf(["SAY a", "ERR chunk oh dear", "SAY b"]),
    bytesOf(["SAY a", "ERR nofinish"]),
    bytesOf(["ERR badjson", "SAY b"]),
  ]);
  expect(chunksIn(chunk).at(-1)).toMatchObject({ error: { message: "oh dear" } });
  expect(chunk.endsWith("[DONE]\n\n")).toBe(true);
  expect(chunksIn(nofinish)).toHaveLength(2);
  expect(badjson).toContain('"content":"half\n');
  await expect(bytesOf(["SAY a", "ERR cut"])).rejects.toThrow("terminated");
  const stalled = await post(["SAY a", "ERR stall"], {
    stream: true,
    key: "stalled",
    signal: AbortSignal.timeout(100),
  });
  await expect(stalled.text()).rejects.toThrow();
  expect(await llm.abandoned("stalled")).toMatchObject([{ abandoned: true }]);
});

test("cuts bytes anywhere and ends lines in either way", async () => {
  const [plain, cut] = await Promise.all([
    bytesOf(["SAY häuser über", "CRLF"]),
    bytesOf(["SAY häuser über", "SHRED 3"]),
  ]);
  const said = (bytes: string): string =>
    chunksIn(bytes.replaceAll("\r\n", "\n"))
      .map(({ choices }) => choices[0]?.delta["content"])
      .filter((content) => typeof content === "string")
      .join("");
  expect(plain).toContain("\r\n\r\n");
  expect([said(plain), said(cut)]).toEqual(["häuser über", "häuser über"]);
});

test("takes its time and tells it", async () => {
  const before = performance.now();
  const bytes = await bytesOf(["TTFB 60", "SLOW 20", "STAMP", "PAUSE 40", "STAMP"]);
  // Role, both stamps, finish and end are written apart.
  expect(performance.now() - before).toBeGreaterThan(190);
  const [first = 0, second = 0] = [...bytes.matchAll(/@([\d.]+) /g)].map(([, ms]) => Number(ms));
  expect(second - first).toBeGreaterThan(55);
});

test("remembers what arrived, and who left", async () => {
  await post(["SAY x"], { key: "memory" });
  const leave = new AbortController();
  const slow = post(["TTFB 60000"], { key: "memory", signal: leave.signal });
  await llm.arrived("memory", 2);
  leave.abort();
  await expect(slow).rejects.toThrow();
  const [left] = await llm.abandoned("memory");
  expect(left).toMatchObject({
    method: "POST",
    path: "/v1/chat/completions",
    body: { model: "scripted-1" },
  });
  const log = `${llm.url}/openai/memory/__reqs`;
  expect(await (await fetch(`${log}?abandoned=1`)).json()).toHaveLength(1);
  expect(llm.requests("memory").map(({ abandoned }) => abandoned)).toEqual([false, true]);
  expect((await fetch(`${log}?arrived=9&within=10`)).status).toBe(504);
  expect(await (await fetch(log, { method: "DELETE" })).json()).toEqual([]);
});

test("writes each event apart, and several where it is told to", async () => {
  const writes = async (script: string): Promise<number> => {
    const response = await post([script], { stream: true });
    let count = 0;
    for await (const _ of response.body ?? []) count += 1;
    return count;
  };
  expect(await writes("CHUNKS 200 8")).toBeGreaterThan(50);
  expect(await writes("CHUNKS 200 8 50")).toBeLessThan(20);
});

test("gives several choices and their odds", async () => {
  const { choices } = await whole(["SAY x"], { n: 2, logprobs: true });
  expect(choices).toMatchObject(
    [0, 1].map((index) => ({ index, logprobs: { content: [{ token: "x" }] } })),
  );
  expect(chunksIn(await bytesOf(["SAY x"], { n: 2 }))).toHaveLength(6);
});

test("wants its key, knows its models and embeds", async () => {
  const client = clientOf("openai");
  await expect(client.withOptions({ apiKey: "other" }).models.list()).rejects.toMatchObject({
    status: 401,
  });
  const { data } = await client.models.list();
  expect(data.map(({ id }) => id)).toContain("text-embedding-scripted");
  expect(data.some((model) => "pipeline" in model)).toBe(true);
  expect((await client.models.retrieve("vendor/scripted:free")).id).toBe("vendor/scripted:free");
  const embedded = await client.embeddings.create({
    model: "e",
    input: ["four", "seven11"],
    dimensions: 3,
  });
  expect(embedded.data.map(({ embedding }) => embedding)).toEqual([
    [4, 0, 1],
    [7, 1, 1],
  ]);
  await expect(client.responses.create({ model: "m", input: "x" })).rejects.toMatchObject({
    status: 404,
  });
  await expect(whole(["SAY x"], { model: "missing-1" })).rejects.toMatchObject({
    code: "model_not_found",
  });
});

test.for([
  "openrouter",
  "ollama",
  "vllm",
  "llamacpp",
  "workersai-openai",
  "aigateway",
  "anthropic",
  "mistral",
  "deepseek",
  "strict",
  "hostile",
])(
  "%s talks over two rounds of tools with a client that keeps what it gets",
  async (personality) => {
    const script = user(
      "THINK hm",
      'CALL add {"a":1}',
      "CALL look",
      "THEN",
      "CALL look",
      "THEN",
      "SAY end {{results}}",
    );
    // Strict takes none of what came beyond OpenAI's own, Mistral none of what it never sends.
    const messages = await converse(personality, { messages: [script] }).catch(
      (error: unknown) => error,
    );
    if (personality === "strict")
      expect(messages).toMatchObject({ status: 400, param: "messages[1].refusal" });
    else if (personality === "workersai-openai") expect(messages).toMatchObject({ status: 400 });
    else expect(messages).toMatchObject({ length: 7 });
  },
);

test("gemini wants its signature back, and neither numbers nor names its calls", async () => {
  const bytes = await bytesOf(["CALL look"], { personality: "gemini", tools: [LOOK] });
  const [call] = chunksIn(bytes).flatMap(({ choices }) => choices[0]?.delta["tool_calls"] ?? []);
  expect(call).toEqual({
    type: "function",
    function: { name: "look", arguments: "{}" },
    extra_content: { google: { thought_signature: expect.any(String) } },
  });
  const again = async (extra: object): Promise<Response> =>
    await post([], {
      personality: "gemini",
      tools: [LOOK],
      messages: [
        user("CALL look"),
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { ...extra, id: "x", type: "function", function: { name: "look", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "x", content: "seen" },
      ],
    });
  expect((await again(call instanceof Object ? call : {})).status).toBe(200);
  expect(await (await again({})).json()).toMatchObject([{ error: { status: "INVALID_ARGUMENT" } }]);
});

test("workers-ai answers in its own form", async () => {
  const personality = "workersai-native";
  const bytes = await bytesOf(["SAY hi", 'CALL add {"a":1}'], { personality, tools: [ADD] });
  expect(bytes).toContain('data: {"response":"hi"');
  expect(bytes).toContain('"tool_calls":[{"name":"add","arguments":{"a":1}}]');
  expect(await (await post(["SAY hi"], { personality })).json()).toMatchObject({ response: "hi" });
});

test("azure finds the model in the path and the key in its own header", async () => {
  const ask = async (query: string, headers: Record<string, string>): Promise<Response> =>
    await fetch(`${llm.url}/azure/azure/openai/deployments/gpt-x/chat/completions${query}`, {
      method: "POST",
      headers,
      body: JSON.stringify({ messages: [user("SAY hi")] }),
    });
  const found = await ask("?api-version=1", { "api-key": SCRIPTED_KEY });
  expect(await found.json()).toMatchObject({
    model: "gpt-x",
    choices: [{ message: { content: "hi" } }],
  });
  expect((await ask("", { "api-key": SCRIPTED_KEY })).status).toBe(404);
  expect((await ask("?api-version=1", { authorization: `Bearer ${SCRIPTED_KEY}` })).status).toBe(
    401,
  );
});

test.for([
  ["openai", { type: "object", anyOf: [{}] }],
  ["openai", { type: "object", properties: { a: { type: "array" } } }],
  ["strict", { type: "object", properties: { a: { $ref: "#/$defs/a" } } }],
  ["gemini", { type: "object", properties: {}, additionalProperties: false }],
  ["anthropic", { type: "object", oneOf: [] }],
] as const)("%s refuses the schema %j", async ([personality, parameters]) => {
  const response = await post(["SAY x"], { personality, tools: [ADD, tool("odd", parameters)] });
  expect(response.status).toBe(400);
  expect(await response.text()).toMatch(
    /tools\[1\]\.function\.parameters|function_declarations\[1\]|tools\.1\./,
  );
});

test.for([
  ["openai", { wild: 1 }, /wild/],
  ["openai", { tools: [] }, /empty/],
  ["mistral", { stream_options: { include_usage: true } }, /stream_options/],
  ["strict", { store: true }, /store/],
  ["deepseek", { messages: [{ role: "developer", content: "SAY x" }] }, /developer/],
  ["mistral", { temperature: 1.8 }, /temperature/],
  ["openai", { model: "gpt-5", max_tokens: 1 }, /max_completion_tokens/],
] as const)("%s refuses %j", async ([personality, ask, words]) => {
  const response = await post(["SAY x"], { personality, ...ask });
  expect([400, 422]).toContain(response.status);
  expect(await response.text()).toMatch(words);
});

test("hostile slips what Open WebUI would run into every chunk", async () => {
  const bytes = await bytesOf(["SAY hi"], { personality: "hostile" });
  expect(chunksIn(bytes).at(-1)).toMatchObject({
    event: { type: "execute" },
    selected_model_id: expect.any(String),
  });
  onTestFinished(() => llm.close());
});
