import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import { startEverything } from "../support/real-servers.ts";
import { type ScriptedGateway, startScriptedGateway } from "../support/scripted-gateway.ts";

/** Many people at one gateway, one of whom reads slowly. */

const OTHERS = 49;
/** As much as a model may say in a turn; on the wire twice what the sockets in between hold. */
const LONG = { chunks: 80_000, size: 100 };

const cleanup = new AsyncDisposableStack();
let house: ScriptedGateway;

beforeAll(async () => {
  const everything = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await everything.stop()));
  house = await startScriptedGateway({
    mcpServers: { everything: { url: everything.url } },
    providers: ["slow", "raw-slow", "others"],
  });
  cleanup.defer(() => house.stop());
}, 90_000);
afterAll(() => cleanup.disposeAsync());

function bodyFor(model: string, lines: readonly string[]): string {
  const messages = [{ role: "user", content: lines.join("\n") }];
  return JSON.stringify({ model, messages, stream: true });
}

function headers(): Record<string, string> {
  return {
    authorization: `Bearer ${house.gateway.apiKey}`,
    "content-type": "application/json",
  };
}

/** An answer whose reader has seen the first of it and takes no more. */
async function beginSlowly(model: string): Promise<IncomingMessage> {
  const sent = request(`${house.gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: headers(),
  });
  sent.end(bodyFor(model, [`CHUNKS ${LONG.chunks} ${LONG.size} 200`]));
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new TypeError("no response");
  await once(response, "readable");
  return response;
}

async function textOf(response: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of response) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const { choices, error } = JSON.parse(line.slice("data: ".length));
      if (error !== undefined) throw new Error(error.message);
      text += choices[0]?.delta.content ?? "";
    }
  }
  return text;
}

/** Everybody else asks at once, and has a tool used; how long the last one waited. */
async function answerOthers(): Promise<number> {
  const began = performance.now();
  const texts = await Promise.all(
    Array.from({ length: OTHERS }, async (_, index) => {
      const lines = [
        "CHUNKS 100 20",
        `CALL everything_echo {"message":"${index}"}`,
        "THEN",
        "SAY {{results}}",
      ];
      const response = await fetch(`${house.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: headers(),
        body: bodyFor("others/scripted-1", lines),
      });
      if (response.body === null) throw new TypeError("no body");
      return textOf(response.body);
    }),
  );
  expect(texts.map((text) => text.slice(100 * 20).trim())).toEqual(
    Array.from({ length: OTHERS }, (_, index) => `Echo: ${index}`),
  );
  return performance.now() - began;
}

const sentTo = (provider: string): number => house.asked(provider)[0]?.sent ?? 0;

test.each([
  ["slow", "slow/scripted-1"],
  ["raw-slow", "raw/raw-slow/scripted-1"],
])(
  "case 38: fifty streams end well, and the provider of the one nobody reads waits: %s",
  async (provider, model) => {
    const alone = await answerOthers();
    const slow = await beginSlowly(model);
    const beside = await answerOthers();
    const paused = await eventually(
      "the provider waits",
      async () => {
        const sent = sentTo(provider);
        await answerOthers();
        expect(sentTo(provider)).toBe(sent);
        return sent;
      },
      30_000,
    );
    // Loose, because what is measured is a machine at work on other things too.
    expect(beside).toBeLessThan(alone * 3 + 1_000);
    expect((await textOf(slow)).length).toBe(LONG.chunks * LONG.size);
    expect(paused).toBeLessThan(sentTo(provider) * 0.75);
  },
);
