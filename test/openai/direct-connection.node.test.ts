import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DirectAnswer, readDirectly } from "../support/direct-connection.ts";
import { bodyOf, type Fixture, listenOnLoopback } from "../support/loopback-server.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";
import { BIG_TEXT, type LoopbackTools, startLoopbackTools } from "./loopback-tools.ts";

const TOKENS = Array.from({ length: 10_000 }, (_, index) => ` ${index}`);
const PAGE = BIG_TEXT.slice(0, 500_000);
/** More than all the buffers between a provider and a client hold together. */
const FLOOD_BYTES = 96 * 1_024 * 1_024;
const HELD_BYTES = 48 * 1_024 * 1_024;

let folder: string;
let tools: LoopbackTools;
let provider: Fixture;
let withModel: StartedGateway;
let withoutModel: StartedGateway;
let flooded = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-direct-"));
  tools = await startLoopbackTools();
  provider = await startHastyProvider();
  const mcpServers = { lab: { url: tools.fixture.url } };
  const hasty = { baseUrl: provider.url, models: ["tokens", "page", "flood"] };
  const start = (name: string, document: object): Promise<StartedGateway> => {
    const config = join(folder, name);
    writeFileSync(config, JSON.stringify(document));
    return startGateway(["--config", config]);
  };
  withModel = await start("model.json", { mcpServers, llm: { providers: { hasty } } });
  withoutModel = await start("plain.json", { mcpServers });
}, 90_000);

afterAll(async () => {
  await Promise.all([withModel?.stop(), withoutModel?.stop()]);
  await Promise.all([tools?.fixture.close(), provider?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A model's provider that sends all it has at once. */
function startHastyProvider(): Promise<Fixture> {
  return listenOnLoopback(
    async (request, response) => {
      const { model } = JSON.parse(await bodyOf(request)) as { model: string };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk({ role: "assistant", content: "" }));
      if (model === "flood") await flood(response);
      const texts = model === "page" ? [PAGE] : TOKENS;
      response.write(texts.map((content) => chunk({ content })).join(""));
      response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
    },
    { path: "/v1" },
  );
}

async function flood(response: ServerResponse): Promise<void> {
  flooded = 0;
  const event = chunk({ content: "x".repeat(1_000) });
  const gone = once(response, "close");
  while (flooded < FLOOD_BYTES && !response.destroyed) {
    flooded += event.length;
    if (response.write(event)) continue;
    // oxlint-disable-next-line no-await-in-loop -- no faster than it is taken
    await Promise.race([once(response, "drain"), gone]);
  }
}

function chunk(delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
  return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
}

function question(model: string, content: string): object {
  return { model, stream: true, messages: [{ role: "user", content }] };
}

function ask(gateway: StartedGateway, model: string, content = "hi"): Promise<DirectAnswer> {
  const url = `${gateway.url}/v1/chat/completions`;
  return readDirectly({ url, key: gateway.apiKey, body: question(model, content) });
}

/** As a client that keeps what it has not read yet. */
function send(model: string): Promise<Response> {
  return fetch(`${withModel.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${withModel.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(question(model, "hi")),
  });
}

test.each([
  ["as they came", "raw/hasty/tokens"],
  ["through the loop", "hasty/tokens"],
])("loses no event of ten thousand in a page without a buffer, %s (case 23)", async (_, model) => {
  const { text, broken } = await ask(withModel, model);
  expect(broken.length).toBe(0);
  expect(text === TOKENS.join("")).toBe(true); // a difference of kilobytes says nothing
});

test.each([
  ["as it came", "raw/hasty/page"],
  ["through the loop", "hasty/page"],
])("cuts an event that a page could not read, %s (case 23)", async (_, model) => {
  const { text, broken, longestLine } = await ask(withModel, model);
  expect(broken.length).toBe(0);
  expect(longestLine).toBeLessThan(16 * 1024);
  expect(text === PAGE).toBe(true); // a difference of kilobytes says nothing
});

test("gives a page a result of megabytes without a loss (case 23)", async () => {
  const { text, broken, longestLine } = await ask(withoutModel, "mcp-gateway", "call lab_big");
  expect(broken.length).toBe(0);
  expect(longestLine).toBeLessThan(64 * 1024);
  expect(text === BIG_TEXT).toBe(true); // a difference of megabytes says nothing
});

test.each([
  ["as it comes", "raw/hasty/"],
  ["through the loop", "hasty/"],
])(
  "lets a provider wait for a client that does not read, %s, while 49 others go on (case 38)",
  async (_, prefix) => {
    const slow = await send(`${prefix}flood`);
    const others = Array.from({ length: 49 }, async () => {
      const text = await (await send(`${prefix}tokens`)).text();
      return text.split(/ \d+/).length - 1; // texts that arrive together are told together
    });
    expect(await Promise.all(others)).toEqual(others.map(() => TOKENS.length));
    expect(flooded).toBeLessThan(HELD_BYTES);
    await slow.body?.cancel();
  },
);
