import { beforeAll, expect, test } from "vitest";
import { awaitReady } from "../support/worker.ts";
import { configureLlm, play } from "./llm-chat.ts";
import { firstChoice, readObject, readStream, readText } from "./openai-replies.ts";

const KEY = "every-provider";
const PROVIDERS = [
  "openai",
  "openrouter",
  "ollama",
  "vllm",
  "llamacpp",
  "workersai-openai",
  "workersai-native",
  "gemini",
  "anthropic",
  "mistral",
  "deepseek",
] as const;
const CALLS = [
  'CALL time_convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}',
  'CALL time_convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"UTC"}',
];

beforeAll(async () => {
  await configureLlm(KEY, {
    personalities: PROVIDERS,
    loop: { maxTurns: 2 },
  });
  await awaitReady(["time", "lab"]);
});

test.each(PROVIDERS)(
  "case 39: goes through rounds of parallel tools with %s",
  async (personality) => {
    const model = `${personality}/scripted-1`;
    const script = ["MIX Let me see.", ...CALLS, "THEN", "SAY {{results}}"];
    const whole = await readText(await play(script, { model }));
    expect(whole).toContain("Let me see.");
    expect(whole).toContain("21:00");
    const streamed = await readStream(await play(script, { model, stream: true }));
    expect(streamed.text).toContain("21:00");
    expect(streamed.last).toBe("[DONE]");
    const finishes = streamed.chunks
      .map(firstChoice)
      .flatMap(({ finish_reason }) => finish_reason ?? []);
    expect(finishes).toEqual(["stop"]);
    expect(JSON.stringify(streamed.chunks)).not.toContain('"tool_calls"');
  },
);

test.each(PROVIDERS)("case 12: winds up with %s", async (personality) => {
  const model = `${personality}/scripted-1`;
  const loop = ['CALL time_get_current_time {"timezone":"UTC","round":"{{round}}"}', "LOOP"];
  const body = await readObject(await play(loop, { model }));
  expect(firstChoice(body)["finish_reason"]).toBe("stop");
});

test.each([
  ["NOINDEX"],
  ["NOID"],
  ["SAMEID"],
  ["ARGS object"],
  ["ARGS whole"],
  ["REPEATID"],
  ["EMPTYID"],
  ["INTERLEAVE"],
  ["UPPER"],
  ["CRLF"],
  ["NODONE"],
  ["SHRED 7"],
])("case 10: takes %s of a provider, for our tools and for the client's", async (quirk) => {
  const model = "openai/scripted-1";
  const script = [quirk, ...CALLS, "THEN", "SAY {{results}}"];
  const { text } = await readStream(await play(script, { model, stream: true }));
  expect(text).toContain("21:00");
  expect(text.split(" | ")).toHaveLength(2);
  const mine = {
    type: "function",
    function: { name: "mine", parameters: { type: "object", properties: {} } },
  };
  for (const name of [model, `raw/${model}`]) {
    // oxlint-disable-next-line no-await-in-loop
    const theirs = await readStream(
      await play([quirk, 'CALL mine {"a":1}'], { model: name, stream: true, tools: [mine] }),
    );
    const calls = theirs.chunks.flatMap((chunk) => {
      const { delta } = firstChoice(chunk) as {
        delta?: {
          tool_calls?: {
            index: number;
            id?: string;
            function?: { name?: string; arguments?: string };
          }[];
        };
      };
      return delta?.tool_calls ?? [];
    });
    expect(calls.every(({ index }) => index === 0)).toBe(true);
    expect(calls[0]).toMatchObject({ id: expect.stringMatching(/.+/), function: { name: "mine" } });
    expect(JSON.parse(calls.map((call) => call.function?.arguments ?? "").join(""))).toEqual({
      a: 1,
    });
    const finishes = theirs.chunks
      .map(firstChoice)
      .flatMap(({ finish_reason }) => finish_reason ?? []);
    expect(finishes).toEqual(["tool_calls"]);
  }
});

test("case 19: keeps names apart where the client has a tool of the same name", async () => {
  const name = "time_get_current_time";
  const theirs = {
    type: "function",
    function: { name, parameters: { type: "object", properties: {} } },
  };
  const model = "openai/scripted-1";
  const own = await readObject(
    await play([`CALL ${name} {"timezone":"UTC"}`], { model, tools: [theirs] }),
  );
  expect(firstChoice(own)["finish_reason"]).toBe("tool_calls");
  const ours = await readText(
    await play([`CALL ${name}_gw {"timezone":"UTC"}`, "THEN", "SAY {{results}}"], {
      model,
      tools: [theirs],
    }),
  );
  expect(ours).toContain('"timezone": "UTC"');
});
