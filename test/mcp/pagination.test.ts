import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, legacy, modern, type RpcReply } from "../support/worker.ts";

const COUNT = 4_500;

function many(make: (name: string) => object): object[] {
  return Array.from({ length: COUNT }, (_, index) => make(`e${String(index).padStart(4, "0")}`));
}

let wide: string;
let bulky: string;

beforeAll(async () => {
  const backend = await scripted({
    initialize: { capabilities: { tools: {}, prompts: {}, resources: {} } },
    "tools/list": { tools: many((name) => ({ name, inputSchema: { type: "object" } })) },
    "prompts/list": { prompts: many((name) => ({ name })) },
    "resources/list": { resources: many((name) => ({ uri: `memo://${name}`, name })) },
    "resources/templates/list": {
      resourceTemplates: many((name) => ({ uriTemplate: `memo://${name}/{x}`, name })),
    },
  });
  wide = backend.url;
  const large = Array.from({ length: 5 }, (_, index) => ({
    name: `large${index}`,
    description: "x".repeat(400_000),
    inputSchema: { type: "object" },
  }));
  bulky = (await scripted({ "tools/list": { tools: large } })).url;
  await configure({ mcpServers: { wide: { url: wide }, bulky: { url: bulky } } });
  await awaitReady(["wide", "bulky"]);
}, 30_000);

type Ask = (method: string, params: JsonObject, path?: string) => Promise<RpcReply>;
const modernly: Ask = (method, params, path = "/mcp") => modern(method, params, { path });

async function pagesOf(ask: Ask, method: string, path: string): Promise<JsonObject[]> {
  const pages: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop
    const { message } = await ask(method, cursor === undefined ? {} : { cursor }, path);
    const page = message.result ?? {};
    pages.push(page);
    cursor = typeof page["nextCursor"] === "string" ? page["nextCursor"] : undefined;
  } while (cursor !== undefined && pages.length < 20);
  return pages;
}

test.each([
  ["tools/list", "tools", "name"],
  ["prompts/list", "prompts", "name"],
  ["resources/list", "resources", "uri"],
  ["resources/templates/list", "resourceTemplates", "uriTemplate"],
])("answers %s in pages that together are the whole list", async (method, member, key) => {
  for (const ask of [legacy, modernly]) {
    // oxlint-disable-next-line no-await-in-loop
    const pages = await pagesOf(ask, method, "/mcp/wide");
    const lists = pages.map((page) => page[member] as unknown as Record<string, string>[]);
    expect(lists.map((list) => list.length)).toEqual([2_000, 2_000, 500]);
    const keys = lists.flat().map((entry) => entry[key] ?? "");
    expect(new Set(keys).size).toBe(COUNT);
    expect(keys).toEqual(keys.toSorted());
  }
});

test("cuts pages by size too, and at /mcp over all backends", async () => {
  const own = await pagesOf(modernly, "tools/list", "/mcp/bulky");
  expect(own.map(({ tools }) => (tools as unknown[]).length)).toEqual([2, 2, 1]);
  const all = await pagesOf(legacy, "tools/list", "/mcp");
  const names = all.flatMap(({ tools }) => (tools as { name: string }[]).map(({ name }) => name));
  expect(names).toHaveLength(COUNT + 5);
  expect(names).toEqual(names.toSorted());
});

test("refuses a cursor of another list, another scope, or nobody's", async () => {
  const cursorOf = async (method: string, path: string) =>
    (await legacy(method, {}, path)).message.result?.["nextCursor"] as string;
  const tools = await cursorOf("tools/list", "/mcp/wide");
  const refusals = [
    await legacy("prompts/list", { cursor: tools }, "/mcp/wide"),
    await legacy("tools/list", { cursor: tools }, "/mcp"),
    await legacy("tools/list", { cursor: tools }, "/mcp/bulky"),
    await legacy("tools/list", { cursor: `${tools.slice(0, -1)}g` }, "/mcp/wide"),
    await legacy("tools/list", { cursor: "" }, "/mcp/wide"),
    await legacy("tools/list", { cursor: 7 }, "/mcp/wide"),
    await legacy("tools/list", { cursor: "made up" }, "/mcp/bulky"),
  ];
  expect(refusals.map(({ message }) => message.error?.code)).toEqual(Array(7).fill(-32602));
});

test("says to start again when the list has changed since the cursor was given", async () => {
  const { message } = await legacy("tools/list", {}, "/mcp/wide");
  const cursor = message.result?.["nextCursor"] as string;
  expect((await legacy("tools/list", { cursor }, "/mcp/wide")).message.error).toBeUndefined();
  await configure({
    mcpServers: { wide: { url: wide, disabledTools: ["e0000"] }, bulky: { url: bulky } },
  });
  await awaitReady(["wide", "bulky"]);
  const stale = await legacy("tools/list", { cursor }, "/mcp/wide");
  expect(stale.message.error).toEqual({
    code: -32602,
    message:
      "Cannot list: the cursor is not one of this list as it is now, start again without a cursor",
  });
});
