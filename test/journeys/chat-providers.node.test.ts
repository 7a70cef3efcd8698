import { OpenAI } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEverything } from "../support/real-servers.ts";
import {
  type Part,
  type ScriptedGateway,
  startScriptedGateway,
} from "../support/scripted-gateway.ts";

/** The OpenAI client in front of every kind of provider, with the tools of a real MCP server. */

const PLAYING = {
  openai: { config: { profile: "openai" } },
  azure: { path: "", config: { profile: "azure", apiVersion: "2024-10-21" } },
  "azure-next": { personality: "azure", path: "/openai/v1", config: { profile: "azure" } },
  openrouter: { config: { profile: "openrouter" } },
  ollama: { config: { profile: "ollama" } },
  vllm: { config: { profile: "vllm" } },
  llamacpp: { config: { profile: "llama.cpp" } },
  "workersai-openai": { config: { profile: "workers-ai" } },
  aigateway: { config: { profile: "ai-gateway" } },
  gemini: { config: { profile: "gemini" } },
  anthropic: { config: { profile: "anthropic" } },
  mistral: { config: { profile: "mistral" } },
  deepseek: { config: { profile: "deepseek" } },
  // As it is where nothing is known of a provider.
  strict: {},
} satisfies Record<string, Part>;
const NAMES = Object.keys(PLAYING);

const cleanup = new AsyncDisposableStack();
let house: ScriptedGateway;
let client: OpenAI;

beforeAll(async () => {
  const everything = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await everything.stop()));
  house = await startScriptedGateway({
    mcpServers: { everything: { url: everything.url } },
    providers: NAMES,
    playing: Object.fromEntries(
      Object.entries<Part>(PLAYING).map(([name, { config, ...part }]) => [
        name,
        // Between a result and its pictures Mistral wants a word of the assistant; the scripted model
        // takes what comes after that for a new question.
        { personality: name, ...part, config: { ...config, images: name !== "mistral" } },
      ]),
    ),
    llm: { loop: { maxTurns: 3, mixed: "execute" } },
  });
  cleanup.defer(() => house.stop());
  const { apiKey, url } = house.gateway;
  client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
}, 90_000);
afterAll(() => cleanup.disposeAsync());

type Said = OpenAI.ChatCompletionMessageParam;

/** With what clients send to OpenAI, whoever really answers. */
function ask(provider: string, lines: readonly string[]) {
  return {
    model: `${provider}/scripted-1`,
    messages: [
      { role: "developer", content: "Be brief." },
      { role: "user", content: [{ type: "text", text: lines.join("\n") }] },
    ] satisfies OpenAI.ChatCompletionMessageParam[] as [Said, Said],
    max_completion_tokens: 500,
    temperature: 1.8,
    seed: 7,
    user: "somebody",
    store: false,
  };
}

const ROUNDS = [
  "THINK where could it be",
  "SAY Looking.",
  'CALL everything_echo {"message":"one"}',
  'CALL everything_get-sum {"a":1,"b":2}',
  "THEN",
  "THINK nearly there",
  'CALL everything_echo {"message":"two"}',
  "THEN",
  "SAY Known: {{results}}",
];
const ANSWER = "Looking.\n\nKnown: Echo: one | The sum of 1 and 2 is 3. | Echo: two";

/** Two functions of the client's, and what is asked of them at the same time. */
const OWN = ["first", "second"].map((name) => ({
  type: "function" as const,
  function: { name, parameters: { type: "object", properties: {} } },
}));
const TWO_CALLS = ['CALL first {"a":{"b":[1]}}', 'CALL second {"c":"d"}'];

function expectTwo(calls: readonly OpenAI.ChatCompletionMessageToolCall[] = []): void {
  const read = calls.map((call) =>
    call.type === "function" ? [call.function.name, JSON.parse(call.function.arguments)] : [],
  );
  expect(read).toEqual([
    ["first", { a: { b: [1] } }],
    ["second", { c: "d" }],
  ]);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
}

/** The message as it came, and a result for each of its calls. */
function answered(
  message: OpenAI.ChatCompletionMessage,
): readonly OpenAI.ChatCompletionMessageParam[] {
  const results = (message.tool_calls ?? []).map((call) => ({
    role: "tool" as const,
    tool_call_id: call.id,
    content: "mine",
  }));
  return [message, ...results];
}

describe.each(NAMES)("case 39: %s", (name) => {
  test("works with tools over rounds, thinking as it does, in a stream", async () => {
    const stream = client.chat.completions.stream({
      ...ask(name, ROUNDS),
      stream_options: { include_usage: true },
    });
    const { choices, usage } = await stream.finalChatCompletion();
    expect(choices[0]?.message).toMatchObject({ content: ANSWER, refusal: null });
    expect(choices[0]?.message.tool_calls ?? []).toEqual([]);
    expect(choices[0]?.finish_reason).toBe("stop");
    expect(usage?.prompt_tokens).toBe(2 + 5 + 7);
  });

  test("works with tools over rounds in an answer that comes whole", async () => {
    const { choices } = await client.chat.completions.create(ask(name, ROUNDS));
    expect(choices[0]?.message.content).toBe(ANSWER);
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  test("ends with an answer when it would call for ever", async () => {
    const before = house.asked(name).length;
    const { choices } = await client.chat.completions.create(
      ask(name, ['CALL everything_echo {"message":"{{round}}"}', "LOOP"]),
    );
    expect(choices[0]?.message.content).toMatch(/./);
    expect(choices[0]?.finish_reason).toBe("stop");
    expect(house.asked(name)).toHaveLength(before + 4);
  });

  test("goes on after a tool that shows a picture", async () => {
    const { choices } = await client.chat.completions.create(
      ask(name, ["CALL everything_get-tiny-image", "THEN", "SAY {{results}}"]),
    );
    expect(choices[0]?.message.content).toContain("image");
  });

  test("has the client run its own tools, and goes on with what it found", async () => {
    const body = { ...ask(name, [...TWO_CALLS, "THEN", "SAY {{results}}"]), tools: OWN };
    const message = await client.chat.completions.stream(body).finalMessage();
    expectTwo(message.tool_calls);
    const messages = [...body.messages, ...answered(message)];
    const second = client.chat.completions.stream({ ...body, messages });
    expect(await second.finalContent()).toBe("mine | mine");
  });

  test("takes over a conversation that began with another provider", async () => {
    const called = ["call_fnaJhgQ4mPpY7dBd3uYk2LxW", "toolu_01A09q90qw90lq917835lq9"];
    const body = ask(name, ['CALL everything_echo {"message":"on"}', "THEN", "SAY {{results}}"]);
    const [system, last] = body.messages;
    const { choices } = await client.chat.completions.create({
      ...body,
      messages: [
        system,
        { role: "user", content: "look twice" },
        { role: "assistant", content: "I look." },
        {
          role: "assistant",
          content: "",
          tool_calls: called.map((id) => ({
            id,
            type: "function",
            function: { name: "first", arguments: "{}" },
          })),
        },
        ...called.map((id) => ({ role: "tool" as const, tool_call_id: id, content: "" })),
        { role: "assistant", content: "Nothing there." },
        last,
      ],
    });
    expect(choices[0]?.message.content).toBe("Echo: on");
  });

  test("case 9: goes on after a turn in which the client and the gateway ran a tool", async () => {
    const lines = [
      "THINK hm",
      'CALL everything_echo {"message":"ours"}',
      "CALL first",
      "THEN",
      "SAY {{results}}",
    ];
    const body = { ...ask(name, lines), tools: OWN };
    const { choices } = await client.chat.completions.create(body);
    const [choice] = choices;
    expect(choice?.message.tool_calls).toHaveLength(1);
    const messages = [...body.messages, ...(choice === undefined ? [] : answered(choice.message))];
    const second = await client.chat.completions.create({ ...body, messages });
    expect(second.choices[0]?.message.content).toBe("Echo: ours | mine");
  });
});

const QUIRKS = [
  ..."NOINDEX NOID EMPTYID REPEATID INTERLEAVE UPPER CRLF NODONE NOUSAGE".split(" "),
  ..."ARGS object,ARGS whole,ARGS string,SHRED 7,FINISH stop".split(","),
];

describe.each([
  ["openai/scripted-1", [...QUIRKS, "SAMEID"]],
  ["raw/openai/scripted-1", QUIRKS],
])("case 10: behind %s", (model, quirks) => {
  test.each(quirks)("the strict reader reads calls that come with %s", async (quirk) => {
    const stream = client.chat.completions.stream({
      model,
      messages: [{ role: "user", content: [quirk, ...TWO_CALLS].join("\n") }],
      tools: OWN,
    });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expectTwo(choices[0]?.message.tool_calls);
  });
});

test.each([...QUIRKS, "SAMEID"])(
  "case 10: our tools run for calls that come with %s",
  async (quirk) => {
    const lines = [
      quirk,
      'CALL everything_echo {"message":"one"}',
      'CALL everything_get-sum {"a":1,"b":2}',
      "THEN",
      "SAY {{results}}",
    ];
    const { choices } = await client.chat.completions.create(ask("openai", lines));
    expect(choices[0]?.message.content).toBe("Echo: one | The sum of 1 and 2 is 3.");
    const streamed = await client.chat.completions.stream(ask("openai", lines)).finalContent();
    expect(streamed).toBe("Echo: one | The sum of 1 and 2 is 3.");
  },
);
