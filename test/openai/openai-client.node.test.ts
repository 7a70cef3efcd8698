import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthenticationError, NotFoundError, OpenAI } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";
import { BIG_TEXT, type LoopbackTools, startLoopbackTools } from "./loopback-tools.ts";

let folder: string;
let tools: LoopbackTools;
let gateway: StartedGateway;
let client: OpenAI;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-openai-"));
  tools = await startLoopbackTools();
  const config = join(folder, "mcp.json");
  const mcpServers = { time: { builtin: "time" }, lab: { url: tools.fixture.url } };
  writeFileSync(config, JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", config]);
  client = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1` });
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  await tools?.fixture.close();
  rmSync(folder, { recursive: true, force: true });
});

const MODEL = "mcp-gateway";

function say(content: string): {
  model: string;
  messages: { role: "user"; content: string }[];
} {
  return { model: MODEL, messages: [{ role: "user", content }] };
}

async function answerTo(content: string): Promise<string> {
  const { choices } = await client.chat.completions.create(say(content));
  return choices[0]?.message.content ?? "";
}

test("shows the client its models, by list and by id", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual([MODEL, `${MODEL}/lab`, `${MODEL}/time`]);
  expect(await client.models.retrieve(`${MODEL}/lab`)).toMatchObject({ object: "model" });
  await expect(client.models.retrieve("a/b:c")).rejects.toBeInstanceOf(NotFoundError);
});

test("gives a wrong key the client's own error, at the first try", async () => {
  const stranger = new OpenAI({ apiKey: "sk-wrong", baseURL: `${gateway.url}/v1` });
  const refused = stranger.models.list();
  await expect(refused).rejects.toBeInstanceOf(AuthenticationError);
  await expect(refused).rejects.toMatchObject({
    code: "invalid_api_key",
    requestID: expect.any(String),
  });
});

test("answers the client whole and streamed with the same text", async () => {
  const question = 'call lab_fail {"s": "x"}';
  const whole = await answerTo(question);
  expect(whole).toContain("Doc not found: INV-1");
  let streamed = "";
  const stream = await client.chat.completions.create({ ...say(question), stream: true });
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? "";
  expect(streamed).toBe(whole);
});

test("holds up to the client's strict stream reader, usage included", async () => {
  const stream = client.chat.completions.stream({
    ...say("call lab_picture"),
    stream_options: { include_usage: true },
  });
  const completion = await stream.finalChatCompletion();
  expect(completion.choices[0]?.message.content).toMatch(/^!\[image\]\(data:image\/png;base64,/);
  expect(completion.choices[0]?.finish_reason).toBe("stop");
  expect(completion.usage?.total_tokens).toBeGreaterThan(0);
});

test("streams a large result in small whole events over a real socket", async () => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ ...say("call lab_big"), stream: true }),
  });
  const lines = (await response.text()).split("\n");
  expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(16 * 1024);
  const text = lines
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "")
    .join("");
  expect(text === BIG_TEXT).toBe(true); // a difference of megabytes says nothing
});

test("tells of a backend that breaks, and calls it once", async () => {
  const before = tools.calls.get("break") ?? 0;
  expect(await answerTo("call lab_break")).toContain("Cannot call");
  expect(tools.calls.get("break")).toBe(before + 1);
});

test("cancels the tool when the client of a stream hangs up", async () => {
  const abort = new AbortController();
  const answer = client.chat.completions
    .create({ ...say("call lab_hang"), stream: true }, { signal: abort.signal })
    .asResponse();
  const read = (async () => (await answer).text())().catch(() => "hung up");
  await eventually("the call", async () => expect(tools.calls.get("hang")).toBe(1));
  abort.abort();
  expect(await read).toBe("hung up");
  await eventually("the end", async () => expect(tools.abandoned()).toBe(1), 6_000);
});

test("keeps its models while a backend is away", async () => {
  await tools.fixture.close();
  const started = performance.now();
  const { data } = await client.models.list();
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(data.map(({ id }) => id)).toContain(`${MODEL}/lab`);
  expect(await answerTo("call lab_fail")).toContain("Cannot call");
});
