import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { quirk } from "../support/backend-calls.ts";
import { callRest } from "../support/mcpo-shop.ts";
import { configure } from "../support/worker.ts";

const { url, control } = quirk("scripted");
const PNG = "data:image/png;base64,AAAA";

const text = (value: string): JsonObject => ({ type: "text", text: value });
const image = { type: "image", data: "AAAA", mimeType: "image/png" };
const audio = { type: "audio", data: "BBBB", mimeType: "audio/wav" };
const page = { uri: "file:///a.md", mimeType: "text/markdown", text: "# A" };
const link = { type: "resource_link", uri: "file:///b", name: "b" };

type Result = Readonly<{
  row: string;
  of: string;
  result: JsonObject;
  /** The exact body, as JSON text. */
  body: string;
  /** With `compat=mcpo`, where that is another one. */
  compat?: string;
}>;

/** What mcpo 0.0.20 makes of results, and what is made of them here. */
const RESULTS: readonly Result[] = [
  { row: "C51", of: "one text", result: { content: [text("hello")] }, body: '"hello"' },
  {
    row: "C52",
    of: "one text that is a JSON object",
    result: { content: [text('{"a":1,"b":null}')] },
    body: '{"a":1,"b":null}',
  },
  {
    row: "C53",
    of: "two texts",
    result: { content: [text("one"), text("2")] },
    body: '["one","2"]',
    compat: '["one",2]',
  },
  {
    row: "C54",
    of: "the text true",
    result: { content: [text("true")] },
    body: '"true"',
    compat: "true",
  },
  {
    row: "C54",
    of: "the text null",
    result: { content: [text("null")] },
    body: '"null"',
    compat: "null",
  },
  {
    row: "C54",
    of: "the text 1.10",
    result: { content: [text("1.10")] },
    body: '"1.10"',
    compat: "1.1",
  },
  { row: "C54", of: "the text 007", result: { content: [text("007")] }, body: '"007"' },
  {
    row: "C55",
    of: "the text NaN",
    result: { content: [text("NaN")] },
    body: '"NaN"',
    compat: "null",
  },
  { row: "C56", of: "an image", result: { content: [image] }, body: JSON.stringify(PNG) },
  {
    row: "C57",
    of: "text, image and resource",
    result: { content: [text("cap"), image, { type: "resource", resource: page }] },
    body: JSON.stringify(["cap", PNG, { type: "resource", ...page }]),
    compat: JSON.stringify(["cap", PNG, "Embedded resource not supported yet."]),
  },
  {
    row: "C58",
    of: "an embedded resource",
    result: { content: [{ type: "resource", resource: page }] },
    body: JSON.stringify({ type: "resource", ...page }),
  },
  {
    row: "C59",
    of: "a sound",
    result: { content: [audio] },
    body: '"data:audio/wav;base64,BBBB"',
  },
  {
    row: "C60",
    of: "text and a link",
    result: { content: [text("see"), link] },
    body: JSON.stringify(["see", link]),
  },
  {
    row: "C61",
    of: "a structured result alone",
    result: { content: [], structuredContent: { a: 1 } },
    body: '{"a":1}',
  },
  {
    row: "C62",
    of: "text and a structured result",
    result: { content: [text("one")], structuredContent: { a: 1 } },
    body: '{"a":1}',
  },
  { row: "C63", of: "nothing", result: { content: [] }, body: "[]" },
  {
    row: "C64",
    of: "more than the output schema names",
    result: {
      content: [text('{"temp":1.5,"cond":null,"extra":1}')],
      structuredContent: { temp: 1.5, cond: null, extra: 1 },
    },
    body: '{"temp":1.5,"cond":null,"extra":1}',
  },
];

const LISTED = {
  tools: [
    { name: "give", inputSchema: { type: "object" } },
    {
      name: "weather",
      inputSchema: { type: "object" },
      outputSchema: { type: "object", properties: { temp: { type: "number" } } },
    },
  ],
};

beforeAll(async () => {
  await control({ offer: { "tools/list": LISTED } });
  await configure({ mcpServers: { shop: { url } } });
});
afterAll(() => configure({ mcpServers: {} }));

async function give(result: JsonObject, query: string, tool: string): Promise<Response> {
  await control({ offer: { "tools/list": LISTED, "tools/call": result } });
  return callRest(`/shop/${tool}${query}`, {});
}

test.each(RESULTS)("$row makes of $of what it is", async ({ row, result, body }) => {
  const response = await give(result, "", row === "C64" ? "weather" : "give");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(await response.text()).toBe(body);
});

const COMPAT_ROWS = RESULTS.filter(({ row }) => row <= "C57");

test.each(COMPAT_ROWS)("$row gives people of mcpo $of as mcpo does", async (given) => {
  const response = await give(given.result, "?compat=mcpo", "give");
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(given.compat ?? given.body);
});
