import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, type LanguageModel, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { startEverything } from "../support/real-servers.ts";
import { type ScriptedGateway, startScriptedGateway } from "../support/scripted-gateway.ts";

/** The AI SDK in front of a model that works with the tools of a real MCP server. */

const cleanup = new AsyncDisposableStack();
let house: ScriptedGateway;

beforeAll(async () => {
  const everything = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await everything.stop()));
  house = await startScriptedGateway({
    mcpServers: { everything: { url: everything.url } },
    providers: ["sdk"],
  });
  cleanup.defer(() => house.stop());
}, 90_000);
afterAll(() => cleanup.disposeAsync());

function model(headers: Record<string, string> = {}): LanguageModel {
  const { url, apiKey } = house.gateway;
  const name = "gateway";
  const provider = createOpenAICompatible({
    name,
    baseURL: `${url}/v1`,
    apiKey,
    headers,
    includeUsage: true,
  });
  return provider("sdk/scripted-1");
}

/** What went wrong is looked at in the stream. */
const onError = (): void => {};

const ROUND = [
  "THINK where could it be",
  "SAY Looking.",
  'CALL everything_echo {"message":"one"}',
  'CALL everything_get-sum {"a":1,"b":2}',
  "THEN",
  "THINK here it is",
  "SAY Known: {{results}}",
].join("\n");
const ANSWER = "Looking.\n\nKnown: Echo: one | The sum of 1 and 2 is 3.";

test("case 5: streams words and thoughts of all turns as one step", async () => {
  const result = streamText({ model: model(), prompt: ROUND });
  const kinds = new Set<string>();
  for await (const part of result.stream) kinds.add(part.type);
  expect([...kinds].filter((kind) => /tool|error|abort/.test(kind))).toEqual([]);
  expect(await result.text).toBe(ANSWER);
  expect(await result.reasoningText).toMatch(/^where could it be\s*here it is$/);
  expect(await result.finishReason).toBe("stop");
  expect((await result.steps).length).toBe(1);
  expect((await result.totalUsage).inputTokens).toBe(1 + 4);
});

test("case 4: answers whole with the same", async () => {
  const result = await generateText({ model: model(), prompt: ROUND });
  expect(result.text).toBe(ANSWER);
  expect(result.reasoningText).toMatch(/^where could it be\s*here it is$/);
  expect(result.toolCalls).toEqual([]);
  expect(result.usage.inputTokens).toBe(1 + 4);
});

test.each(["events", "text", "reasoning", "details"])(
  "case 27: reads a stream that tells of tools at work as %s",
  async (style) => {
    const headers = { "x-gateway-progress": style };
    const result = streamText({ model: model(headers), prompt: ROUND });
    const kinds = new Set<string>();
    for await (const part of result.stream) kinds.add(part.type);
    expect([...kinds].filter((kind) => /tool|error|abort/.test(kind))).toEqual([]);
    expect(await result.text).toContain("Known: Echo: one");
    if (style === "reasoning") expect(await result.reasoningText).toContain("everything.get-sum");
  },
);

const TOOLS = {
  today: tool({
    description: "The date at the client",
    inputSchema: z.object({ zone: z.string() }),
    execute: async ({ zone }) => `Friday in ${zone}`,
  }),
};
const OWN_ROUND = [
  'CALL today {"zone":"UTC"}',
  "THEN",
  'CALL everything_echo {"message":"two"}',
  "THEN",
  "SAY All: {{results}}",
].join("\n");

test("case 8: runs its own tool in a stream, and the gateway's runs behind it", async () => {
  const result = streamText({
    model: model(),
    prompt: OWN_ROUND,
    tools: TOOLS,
    stopWhen: stepCountIs(4),
  });
  await result.consumeStream();
  expect(await result.text).toBe("All: Friday in UTC | Echo: two");
  const steps = await result.steps;
  expect(steps.map(({ toolCalls }) => toolCalls.map(({ toolName }) => toolName))).toEqual([
    ["today"],
    [],
  ]);
});

test("case 8: runs its own tool in an answer that comes whole", async () => {
  const { text, steps } = await generateText({
    model: model(),
    prompt: OWN_ROUND,
    tools: TOOLS,
    stopWhen: stepCountIs(4),
  });
  expect(text).toBe("All: Friday in UTC | Echo: two");
  expect(steps).toHaveLength(2);
});

test.each(["ERR chunk overloaded", "ERR cut", "ERR nofinish"])(
  'case 15: shows an error part when a stream ends with "%s"',
  async (fault) => {
    const prompt = `SAY Let me see\n${fault}`;
    const { stream } = streamText({ model: model(), prompt, onError });
    const errors: unknown[] = [];
    let text = "";
    for await (const part of stream) {
      if (part.type === "error") errors.push(part.error);
      if (part.type === "text-delta") text += part.text;
    }
    expect(text).toBe("Let me see");
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors[0], ["message"])).toMatch(/Cannot /);
  },
);

test("case 14: raises the provider's refusal in our words", async () => {
  const refused = generateText({
    model: model(),
    prompt: 'ERR 400 {"message":"temperature is too high","param":"temperature"}',
  });
  await expect(refused).rejects.toBeInstanceOf(APICallError);
  await expect(refused).rejects.toMatchObject({ statusCode: 400 });
  await expect(refused).rejects.toThrow(/Cannot .*temperature is too high/s);
});
