import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type Scripted, scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, legacy, modern } from "../support/worker.ts";

/** What a backend says arrives character by character, whoever it is that does not know a member. */

/** No double holds these numbers, and no revision knows these members. */
const STRANGE =
  '"big":12345678901234567890,"small":-9007199254740993,"exact":0.10000000000000000000001,' +
  '"exponent":1E400,"twice":1,"escaped":"\\u00e9\\/\\ud83d\\ude42","_meta":{"x/y":{"n":9007199254740993}}';
const RESULTS: Record<string, string> = {
  "tools/call": `{"content":[{"type":"text","text":"x","annotations":{"audience":["user"]},"later":1.0}],"structuredContent":{"id":9007199254740993},${STRANGE}}`,
  "prompts/get": `{"messages":[],${STRANGE}}`,
  "resources/read": `{"contents":[{"uri":"memo://a","text":"x","later":9007199254740993}],${STRANGE}}`,
  "completion/complete": `{"completion":{"values":[],"total":9007199254740993},${STRANGE}}`,
};
const PARAMS: Record<string, JsonObject> = {
  "tools/call": { name: "t", arguments: {} },
  "prompts/get": { name: "p" },
  "resources/read": { uri: "memo://a" },
  "completion/complete": {
    ref: { type: "ref/prompt", name: "p" },
    argument: { name: "a", value: "" },
  },
};
const ICONS = [{ src: "https://example.com/i.png", mimeType: "image/png", sizes: ["48x48"] }];
const ENTRY = { title: "T", icons: ICONS, _meta: { "x/y": [1, null] }, later: { a: [] } };
const BROKEN = { name: "broken", inputSchema: { type: "object" } };
const LISTS: Record<string, JsonObject> = {
  "tools/list": {
    tools: [
      { name: "t", inputSchema: { type: "object", later: 1 }, annotations: { x: 1 }, ...ENTRY },
      BROKEN,
    ],
  },
  "prompts/list": { prompts: [{ name: "p", arguments: [{ name: "a", later: true }], ...ENTRY }] },
  "resources/list": { resources: [{ uri: "memo://a", name: "a", size: 7, ...ENTRY }] },
  "resources/templates/list": {
    resourceTemplates: [{ uriTemplate: "memo://{x}", name: "x", ...ENTRY }],
  },
};
const ERROR =
  '{"code":-32050,"message":"no \\u00e9","data":{"id":9007199254740993,"later":[null]}}';

let backend: Scripted;

beforeAll(async () => {
  const texts = Object.entries(RESULTS).map(
    ([method, result]) =>
      [method, { text: `{"jsonrpc":"2.0","id":$ID,"result":${result}}` }] as const,
  );
  backend = await scripted({
    initialize: {
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
      serverInfo: {
        name: "strange",
        version: "1",
        title: "S",
        icons: ICONS,
        websiteUrl: "https://e.example",
      },
    },
    ...LISTS,
    ...Object.fromEntries(texts),
    "tools/call broken": { text: `{"jsonrpc":"2.0","id":$ID,"error":${ERROR}}` },
  });
  await configure({ mcpServers: { strange: { url: backend.url } } });
  await awaitReady(["strange"]);
}, 30_000);

const path = "/mcp/strange";

describe.each(Object.keys(RESULTS))("the result of %s", (method) => {
  test("reaches a legacy client as it left the backend", async () => {
    const { text } = await legacy(method, PARAMS[method], path);
    expect(text).toBe(`{"jsonrpc":"2.0","id":1,"result":${RESULTS[method]}}`);
  });

  test("reaches a modern client with what its revision adds in front", async () => {
    const { text, message } = await modern(method, PARAMS[method], { path });
    expect(text.endsWith(`${RESULTS[method]?.slice(1)}}`)).toBe(true);
    expect(message.result).toMatchObject({ resultType: "complete" });
  });
});

test.each(Object.keys(LISTS))("%s keeps icons and what nobody knows", async (method) => {
  for (const ask of [() => legacy(method, {}, path), () => modern(method, {}, { path })]) {
    expect((await ask()).message.result).toMatchObject(LISTS[method] ?? {});
  }
});

test("the backend introduces itself with its icons", async () => {
  const opening = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  };
  const { message } = await legacy("initialize", opening, path);
  expect(message.result?.["serverInfo"]).toMatchObject({ title: "S", icons: ICONS });
  const discovered = await modern("server/discover", {}, { path });
  expect(discovered.message.result?.["_meta"]).toEqual({
    "io.modelcontextprotocol/serverInfo": message.result?.["serverInfo"],
  });
});

test("an error of the backend reaches clients of both eras with its data", async () => {
  const call = { name: "broken", arguments: {} };
  const whole = `{"jsonrpc":"2.0","id":1,"error":${ERROR}}`;
  expect((await legacy("tools/call", call, path)).text).toBe(whole);
  expect((await modern("tools/call", call, { path })).text).toBe(whole);
});
