import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APIError, APIUserAbortError, OpenAI } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LoopbackTools, startLoopbackTools } from "../openai/loopback-tools.ts";
import { eventually, freePort } from "../support/child.ts";
import { startEverything, startOverHttp } from "../support/real-servers.ts";
import { type ScriptedGateway, startScriptedGateway } from "../support/scripted-gateway.ts";

/** The OpenAI client in front of a model that works with the tools of real MCP servers. */

type Chunk = OpenAI.ChatCompletionChunk;

const SLOW = "everything_trigger-long-running-operation";
/** A provider for each test that counts what it is asked. */
const PROVIDERS = [
  "rounds",
  "whole",
  "strict",
  "told",
  "early",
  "client",
  "runner",
  "again",
  "once",
  "broken",
  "abort",
  "abort-tool",
  "abort-whole",
  "quiet",
  "down",
  "modelshang",
  "models500",
] as const;

const cleanup = new AsyncDisposableStack();
let house: ScriptedGateway;
let lab: LoopbackTools;
let client: OpenAI;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "gateway-chat-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const everything = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await everything.stop()));
  const memory = await startOverHttp("server-memory", [], {
    MEMORY_FILE_PATH: join(folder, "memory.json"),
  });
  cleanup.defer(async () => void (await memory.stop()));
  lab = await startLoopbackTools();
  cleanup.defer(() => lab.fixture.close());
  house = await startScriptedGateway({
    mcpServers: {
      everything: { url: everything.url },
      memory: { url: memory.url },
      lab: { url: lab.fixture.url },
    },
    providers: PROVIDERS,
    playing: {
      down: { config: { baseUrl: `http://127.0.0.1:${await freePort()}/v1`, models: [] } },
      modelshang: { config: { models: [] } },
      models500: { config: { models: [] } },
    },
    llm: { defaultModel: "rounds/scripted-1", aliases: { quick: "rounds/scripted-1" } },
  });
  cleanup.defer(() => house.stop());
  const { apiKey, url } = house.gateway;
  client = new OpenAI({ apiKey, baseURL: `${url}/v1` });
}, 120_000);
afterAll(() => cleanup.disposeAsync());

type Provider = (typeof PROVIDERS)[number];

function play(provider: Provider, lines: readonly string[]) {
  const content = lines.join("\n");
  return { model: `${provider}/scripted-1`, messages: [{ role: "user" as const, content }] };
}

type Timed = Readonly<{ chunk: Chunk; at: number }>;

async function readAll(stream: AsyncIterable<Chunk>): Promise<readonly Timed[]> {
  const read: Timed[] = [];
  for await (const chunk of stream) read.push({ chunk, at: Date.now() });
  return read;
}

function textOf(read: readonly Timed[]): string {
  return read.map(({ chunk }) => chunk.choices[0]?.delta.content ?? "").join("");
}

/** Three rounds of two calls that run together, at two servers. */
const THREE_ROUNDS = [
  "SAY Looking.",
  'CALL everything_echo {"message":"first"}',
  'CALL memory_create_entities {"entities":[{"name":"Ada","entityType":"person","observations":["writes"]}]}',
  "THEN",
  "SAY Counting.",
  'CALL everything_get-sum {"a":20,"b":22}',
  'CALL memory_search_nodes {"query":"Ada"}',
  "THEN",
  'CALL everything_echo {"message":"round {{round}}"}',
  'CALL memory_open_nodes {"names":["Ada"]}',
  "THEN",
  "SAY Known: {{results}}",
];
/** Of the four turns: one, then an assistant's and two results more each time. */
const PROMPT_TOKENS = 1 + 4 + 7 + 10;

function expectRounds(text: string): void {
  expect(text).toMatch(/^Looking\.\n\nCounting\.\n\nKnown: /);
  expect(text).toContain("Echo: first | ");
  expect(text).toContain("The sum of 20 and 22 is 42.");
  expect(text).toContain("Echo: round 2");
  expect(text.split('"writes"').length).toBeGreaterThan(2);
}

describe("three rounds of two tools at two real servers", () => {
  test("stream as one answer in which no call is seen", async () => {
    const stream = await client.chat.completions.create({
      ...play("rounds", THREE_ROUNDS),
      stream: true,
      stream_options: { include_usage: true },
    });
    const read = await readAll(stream);
    expectRounds(textOf(read));
    const choices = read.flatMap(({ chunk }) => chunk.choices);
    expect(choices.filter(({ delta }) => delta.tool_calls !== undefined)).toEqual([]);
    expect(choices.flatMap(({ finish_reason: reason }) => reason ?? [])).toEqual(["stop"]);
    expect(new Set(read.map(({ chunk }) => chunk.id)).size).toBe(1);
    const last = read.at(-1)?.chunk;
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: PROMPT_TOKENS } });
    expect(last?.usage?.total_tokens).toBe(
      PROMPT_TOKENS + (last?.usage?.completion_tokens ?? Number.NaN),
    );
    expect(house.asked("rounds")).toHaveLength(4);
  });

  test("come whole where no stream is wanted", async () => {
    const { choices, usage } = await client.chat.completions.create(play("whole", THREE_ROUNDS));
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { refusal: null } });
    expect(choices[0]?.message.tool_calls).toBeUndefined();
    expectRounds(choices[0]?.message.content ?? "");
    expect(usage?.prompt_tokens).toBe(PROMPT_TOKENS);
    expect(house.asked("whole")).toHaveLength(4);
  });

  test("hold up to the client's strict reader", async () => {
    const stream = client.chat.completions.stream(play("strict", THREE_ROUNDS));
    const completion = await stream.finalChatCompletion();
    expectRounds(completion.choices[0]?.message.content ?? "");
    expect(completion.usage).toBeUndefined();
    expect(house.asked("strict")).toHaveLength(4);
  });
});

test.each(["events", "text", "reasoning", "details"])(
  "case 27: the client reads an answer that tells of tools at work as %s",
  async (style) => {
    const telling = client.withOptions({ defaultHeaders: { "x-gateway-progress": style } });
    const body = play("told", THREE_ROUNDS);
    const message = await telling.chat.completions.stream(body).finalMessage();
    expect(message.content).toContain("Known: Echo: first | ");
    expect(message.tool_calls ?? []).toEqual([]);
    const plain = await telling.chat.completions.create({ ...body, stream: true });
    expect(textOf(await readAll(plain))).toContain("Known: Echo: first | ");
  },
);

test("case 5: passes words on as they are said, long before a tool has ended", async () => {
  const stream = await client.chat.completions.create({
    ...play("early", [
      "SLOW 20",
      "STAMP 20",
      `CALL ${SLOW} {"duration":1,"steps":1}`,
      "THEN",
      "SAY end",
    ]),
    stream: true,
  });
  const words = (await readAll(stream)).flatMap(({ chunk, at }) =>
    [...(chunk.choices[0]?.delta.content ?? "").matchAll(/@([\d.]+)|end/g)].map(([word, said]) => ({
      word,
      at,
      delay: at - Number(said),
    })),
  );
  const stamps = words.slice(0, -1);
  expect(stamps).toHaveLength(20);
  const delays = stamps.map(({ delay }) => delay).toSorted((a, b) => a - b);
  // Loose, because what is measured is a machine at work on other things too.
  expect(delays[10]).toBeLessThan(100);
  const end = words.at(-1);
  expect(end?.word).toBe("end");
  expect((end?.at ?? 0) - (stamps.at(-1)?.at ?? 0)).toBeGreaterThan(900);
});

const TODAY = {
  type: "function",
  function: {
    name: "today",
    description: "The date at the client",
    parameters: { type: "object", properties: { zone: { type: "string" } } },
  },
} as const;

test("case 8: gives the client its own call, and the model what the client found", async () => {
  const script = play("client", [
    "SAY Let me see.",
    'CALL today {"zone":"UTC"}',
    "THEN",
    'CALL everything_echo {"message":"{{results}}"}',
    "THEN",
    "SAY It is {{results}}",
  ]);
  const tools = [TODAY];
  const first = await client.chat.completions.stream({ ...script, tools }).finalChatCompletion();
  const [choice] = first.choices;
  expect(choice).toMatchObject({ finish_reason: "tool_calls" });
  expect(choice?.message.tool_calls).toEqual([
    expect.objectContaining({
      id: expect.stringMatching(/./),
      type: "function",
      function: expect.objectContaining({ name: "today", arguments: '{"zone":"UTC"}' }),
    }),
  ]);
  const { content = "", tool_calls: calls = [] } = choice?.message ?? {};
  const messages = [
    ...script.messages,
    { role: "assistant" as const, content, tool_calls: calls },
    { role: "tool" as const, tool_call_id: calls[0]?.id ?? "", content: "Friday" },
  ];
  const second = client.chat.completions.stream({ ...script, messages, tools });
  expect(await second.finalContent()).toMatch(/^It is Friday \| Echo: Friday/);
});

test.each([true, false])(
  "case 8: works under the client's own tool runner, streaming: %s",
  async (stream) => {
    const zones: string[] = [];
    const body = {
      ...play("runner", [
        // What ran here is not in the client's messages, so its own call has to be the first.
        'CALL today {"zone":"UTC"}',
        "THEN",
        'CALL everything_echo {"message":"round {{round}}"}',
        "THEN",
        "SAY All: {{results}}",
      ]),
      tools: [
        {
          ...TODAY,
          function: {
            ...TODAY.function,
            parse: (text: string): { zone: string } => JSON.parse(text),
            function: ({ zone }: { zone: string }) => {
              zones.push(zone);
              return "Friday";
            },
          },
        },
      ],
    };
    const text = stream
      ? await client.chat.completions.runTools({ ...body, stream }).finalContent()
      : await client.chat.completions.runTools({ ...body, stream }).finalContent();
    expect(zones).toEqual(["UTC"]);
    expect(text).toBe("All: Friday | Echo: round 1");
  },
);

describe("cases 1 and 2: the models", () => {
  test("are listed at once, whatever their providers do", async () => {
    const started = performance.now();
    const { data } = await client.models.list();
    expect(performance.now() - started).toBeLessThan(1_000);
    const ids = data.map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        "mcp-gateway",
        "mcp-gateway/everything",
        "quick",
        "rounds/scripted-1",
        "raw/rounds/scripted-1",
      ]),
    );
    expect(ids.filter((id) => /embedding|whisper|pipe/.test(id))).toEqual([]);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test("are found by ids with slashes", async () => {
    for (const id of ["rounds/scripted-1", "raw/rounds/scripted-1", "mcp-gateway/lab", "quick"]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await client.models.retrieve(id)).toMatchObject({ id, object: "model" });
    }
    await expect(client.models.retrieve("rounds/nothing")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });
});

describe("case 14: a provider that refuses", () => {
  test("is asked again when it said so, and the client sees an answer", async () => {
    const impatient = client.withOptions({ maxRetries: 0 });
    const { choices } = await impatient.chat.completions.create(
      play("again", ['ERRONCE 429 1 {"headers":{"retry-after":"1"}}', "SAY here"]),
    );
    expect(choices[0]?.message.content).toBe("here");
    const [first, second, ...more] = house.asked("again");
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(900);
    expect(more).toEqual([]);
  });

  test("is not asked again by anybody once a tool has run", async () => {
    const answer = client.chat.completions.create(
      play("once", ['CALL everything_echo {"message":"x"}', "THEN", "ERR 500"]),
    );
    await expect(answer).rejects.toBeInstanceOf(APIError);
    await expect(answer).rejects.toThrow(/Cannot /);
    expect(house.asked("once")).toHaveLength(2);
  });
});

test.each([["ERR chunk overloaded"], ["ERR cut"], ["ERR nofinish"]])(
  'case 15: raises the client\'s own error when a stream ends with "%s"',
  async (fault) => {
    const body = play("broken", ["SAY Let me see", fault]);
    const stream = await client.chat.completions.create({ ...body, stream: true });
    const failed = readAll(stream);
    await expect(failed).rejects.toBeInstanceOf(APIError);
    await expect(failed).rejects.toThrow(/Cannot /);
    const strict = client.chat.completions.stream(body).finalContent();
    await expect(strict).rejects.toBeInstanceOf(APIError);
  },
);

describe("case 16: a client that leaves", () => {
  /** Of the second there is; the rest is a loaded machine. */
  const WITHIN_MS = 1_200;

  test("ends the provider's stream", async () => {
    const body = play("abort", ["SAY Let me see", "ERR stall"]);
    const stream = await client.chat.completions.create({ ...body, stream: true });
    let left = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content?.includes("see") !== true) continue;
      left = Date.now();
      stream.controller.abort();
    }
    expect(left).toBeGreaterThan(0);
    await house.llm.abandoned("abort");
    expect(Date.now() - left).toBeLessThan(WITHIN_MS);
  });

  test("ends a tool at work in a stream, and no turn follows", async () => {
    const calls = lab.calls.get("hang") ?? 0;
    const ended = lab.abandoned();
    const stream = await client.chat.completions.create({
      ...play("abort-tool", ["SAY Wait.", "CALL lab_hang", "THEN", "SAY never"]),
      stream: true,
    });
    const read = readAll(stream);
    await eventually("the call", async () => expect(lab.calls.get("hang")).toBe(calls + 1));
    stream.controller.abort();
    const left = Date.now();
    await read;
    await eventually("the end", async () => expect(lab.abandoned()).toBe(ended + 1));
    expect(Date.now() - left).toBeLessThan(WITHIN_MS);
    expect(house.asked("abort-tool")).toHaveLength(1);
  });

  // workerd tells of a client that left only when something is written to it.
  test.fails("ends a tool at work in an answer that comes whole", async () => {
    const calls = lab.calls.get("hang") ?? 0;
    const ended = lab.abandoned();
    const leave = new AbortController();
    const answer = client.chat.completions.create(
      play("abort-whole", ["CALL lab_hang", "THEN", "SAY never"]),
      { signal: leave.signal },
    );
    const failed = expect(answer).rejects.toBeInstanceOf(APIUserAbortError);
    await eventually("the call", async () => expect(lab.calls.get("hang")).toBe(calls + 1));
    leave.abort();
    await failed;
    await eventually("the end", async () => expect(lab.abandoned()).toBe(ended + 1), WITHIN_MS);
    expect(house.asked("abort-whole")).toHaveLength(1);
  });
});

test("case 24: says that it lives while a tool runs for seconds", async () => {
  const { url, apiKey } = house.gateway;
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({
      ...play("quiet", [`CALL ${SLOW} {"duration":3,"steps":1}`, "THEN", "SAY {{results}}"]),
      stream: true,
    }),
  });
  let text = "";
  const arrivals = [Date.now()];
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString();
    arrivals.push(Date.now());
  }
  expect(text.split("\n").filter((line) => line.startsWith(": ")).length).toBeGreaterThan(2);
  const silences = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
  expect(Math.max(...silences)).toBeLessThan(1_200);
  expect(text).toContain("completed.");
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
});
