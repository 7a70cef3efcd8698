import { expect, test } from "vitest";
import { collectListing } from "../../src/backends/collect-listing.ts";
import { sendRequest } from "../../src/backends/send.ts";
import type { Listing } from "../../src/catalog/listing.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { http, ioFor, leaseOf, orderFor } from "../support/backend-calls.ts";
import { scripted } from "../support/scripted-backend.ts";

function listingOf(tools: readonly object[]): Promise<Listing> {
  return listingAnswered({ tools });
}

async function listingAnswered(answer: object): Promise<Listing> {
  const backend = await scripted({ "tools/list": answer });
  const order = orderFor(http(backend.url));
  const lease = await leaseOf(order);
  const { listing } = await collectListing(
    { serverInfo: {}, capabilities: { tools: {} } },
    (method, params) => sendRequest(lease, { id: 1, method, params }, ioFor(order)),
  );
  return listing;
}

function marked(name: string, properties: JsonObject, more: JsonObject = {}) {
  return { name, inputSchema: { type: "object", properties, ...more } };
}

function mark(header: string | number, type = "string"): JsonObject {
  return { type, "x-mcp-header": header };
}

/** As text: it nests deeper than could be written from an object. */
function nestedTool(name: string, levels: number): string {
  const schema = `${'{"not":'.repeat(levels)}{}${"}".repeat(levels)}`;
  return `{"name":"${name}","inputSchema":${schema}}`;
}

test.each<[string, object]>([
  ["is no token", marked("bad", { a: mark("two words") })],
  ["would end the header", marked("bad", { a: mark("X\r\nAuthorization: Bearer stolen") })],
  ["is empty", marked("bad", { a: mark("") })],
  ["is not a text", marked("bad", { a: mark(7) })],
  ["is used twice", marked("bad", { a: mark("Region"), b: mark("REGION") })],
  ["stands on an object", marked("bad", { a: mark("Region", "object") })],
  ["stands on a number", marked("bad", { a: mark("Region", "number") })],
  ["stands on items", marked("bad", { a: { type: "array", items: mark("Region") } })],
  ["stands in a choice", marked("bad", {}, { anyOf: [{ properties: { a: mark("Region") } }] })],
  ["stands in a definition", marked("bad", {}, { $defs: { a: mark("Region") } })],
  ["stands on the whole", marked("bad", {}, { "x-mcp-header": "Region" })],
])("leaves out a tool alone whose x-mcp-header %s", async (_, bad) => {
  const good = marked("good", {
    a: mark("Region"),
    "x-mcp-header": { type: "string" },
    deep: { type: "object", properties: { b: mark("Zone", "integer") } },
  });
  const { tools, warnings } = await listingOf([bad, good]);
  expect(tools).toEqual([good]);
  expect(warnings).toEqual([expect.stringContaining('tool "bad" was left out: x-mcp-header of')]);
});

test("leaves out a tool whose schema is nested without end or far too large", async () => {
  const large = { name: "large", inputSchema: { description: "x".repeat(1024 * 1024) } };
  const tools = [nestedTool("deep", 50_000), JSON.stringify(large), nestedTool("good", 100)];
  const listing = await listingAnswered({
    text: `{"jsonrpc":"2.0","id":$ID,"result":{"tools":[${tools.join(",")}]}}`,
  });
  expect(listing.tools.map(({ name }) => name)).toEqual(["good"]);
  expect(listing.warnings).toEqual([
    'tool "deep" was left out: it is nested deeper than 128 levels',
    'tool "large" was left out: it is larger than 1024 KiB',
  ]);
});

test("takes the first 5,000 tools of a backend and says that there were more", async () => {
  const tools = Array.from({ length: 5_001 }, (_, index) => marked(`t${index}`, {}));
  const listing = await listingOf(tools);
  expect(listing.tools).toHaveLength(5_000);
  expect(listing.warnings).toEqual(["tools/list was cut: it has more than 5000 entries"]);
  expect((await listingOf(tools.slice(1))).warnings).toEqual([]);
});

test("never follows a reference", async () => {
  const elsewhere = await scripted({});
  const tools = [
    marked("far", { a: { $ref: `${elsewhere.url}/schema.json` } }),
    marked("round", { a: { $ref: "#/properties/a" } }),
  ];
  expect((await listingOf(tools)).tools).toEqual(tools);
  expect(await elsewhere.arrived()).toEqual([]);
});

test("keeps everything a tool may carry as it came", async () => {
  const everything = {
    name: "everything",
    title: "Everything",
    description: "All there is",
    icons: [{ src: "data:image/png;base64,AA==", mimeType: "image/png", sizes: ["48x48"] }],
    inputSchema: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" },
    outputSchema: { oneOf: [{ type: "array" }, { type: "null" }], "x-own": true },
    annotations: { title: "Alles", readOnlyHint: true, openWorldHint: false, "x-own": 1 },
    execution: { taskSupport: "optional" },
    _meta: { ui: { resourceUri: "ui://app/page" }, "example.com/own": [null, 1.5] },
    "x-unknown": { kept: true },
  };
  expect((await listingOf([everything])).tools).toEqual([everything]);
});
