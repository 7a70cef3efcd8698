import { expect, test } from "vitest";
import { offerSearch } from "../../src/chat/search-tools.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { visibleTool } from "../support/visible-tool.ts";

const INVOICES = visibleTool("wave", "list_invoices", {
  description: "Lists invoices, paid and unpaid",
  inputSchema: { type: "object", properties: { status: { type: "string" } } },
});
const TOOLS = [
  INVOICES,
  visibleTool("erp", "get_document", { description: "Reads one document" }),
  visibleTool("erp", "delete_document", { description: "Deletes one document" }),
];
const offered = offerSearch(TOOLS, new Set());

function search(query: string, limit?: number): JsonObject {
  const args = limit === undefined ? { query } : { query, limit };
  const resolved = offered.resolve("search_tools", args);
  if (resolved.kind !== "answer" || resolved.isError) throw new Error(JSON.stringify(resolved));
  return JSON.parse(resolved.text);
}

test("says in its description what there is to be found", () => {
  const description = offered.functions[1]?.function.description ?? "";
  expect(description).toContain("3: erp (2), wave (1)");
  expect(description).toContain("erp_delete_document, wave_list_invoices");
});

test("keeps its description one that providers take, however many backends there are", () => {
  const many = Array.from({ length: 60 }, (_, index) =>
    visibleTool(`b${"x".repeat(28)}${index}`, "y".repeat(80)),
  );
  for (const { function: offer } of offerSearch(many, new Set()).functions) {
    expect(offer.description.length).toBeLessThanOrEqual(1024);
  }
});

test("finds a tool by what it does, with the schema to call it", () => {
  expect(search("unpaid invoices")).toMatchObject({
    total: 1,
    results: [
      {
        name: "wave_list_invoices",
        backend: "wave",
        description: "Lists invoices, paid and unpaid",
        inputSchema: { type: "object", properties: { status: { type: "string" } } },
      },
    ],
  });
});

test("shows as many as asked for, within bounds", () => {
  expect(search("document", 1)["results"]).toHaveLength(1);
  expect(search("document", 1)["total"]).toBe(2);
  expect(search("document", 0)["results"]).toHaveLength(1);
  const many = Array.from({ length: 100 }, (_, index) => visibleTool("erp", `tool_${index}`));
  const resolved = offerSearch(many, new Set()).resolve("search_tools", {
    query: "erp",
    limit: "500",
  });
  expect(JSON.parse(resolved.kind === "answer" ? resolved.text : "")["results"]).toHaveLength(20);
});

test("leaves schemas out rather than answering without end, but never the first", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 400 }, (_, index) => [
      `field_${index}`,
      { type: "string", description: "x".repeat(100) },
    ]),
  );
  const many = Array.from({ length: 20 }, (_, index) =>
    visibleTool("erp", `tool_${index}`, { inputSchema: { type: "object", properties } }),
  );
  const resolved = offerSearch(many, new Set()).resolve("search_tools", { query: "erp", limit: 9 });
  const found = JSON.parse(resolved.kind === "answer" ? resolved.text : "");
  expect(found.results).toHaveLength(9);
  expect(found.results.map((result: JsonObject) => "inputSchema" in result)).toEqual([
    true,
    ...Array.from({ length: 8 }, () => false),
  ]);
  expect(found.message).toContain("exact name");
});

test("answers with suggestions where nothing matches", () => {
  expect(search("zzzzz")).toMatchObject({ results: [], suggestions: ["erp", "wave"] });
  expect(search("wavelistinvoicez")).toMatchObject({
    results: [],
    suggestions: ["wave_list_invoices"],
  });
});

test("tells the model what a search needs", () => {
  for (const args of [{}, { query: "" }, { query: 5 }]) {
    expect(offered.resolve("search_tools", args)).toMatchObject({ kind: "answer", isError: true });
  }
});

test("calls the tool itself, with its arguments as an object or as its text", () => {
  const wanted = { kind: "tool", tool: INVOICES, arguments: { status: "open" } };
  const name = "wave_list_invoices";
  expect(offered.resolve("call_tool", { name, arguments: { status: "open" } })).toEqual(wanted);
  expect(offered.resolve("call_tool", { name, arguments: '{"status":"open"}' })).toEqual(wanted);
  expect(offered.resolve(name, { status: "open" })).toEqual(wanted);
  expect(offered.resolve("call_tool", { name })).toMatchObject({ kind: "tool", arguments: {} });
});

test("tells the model where arguments go that it put elsewhere", () => {
  const name = "wave_list_invoices";
  for (const args of [
    { name, status: "open" },
    { name, arguments: ["open"] },
    { name, arguments: "open" },
    { arguments: {} },
  ]) {
    const resolved = offered.resolve("call_tool", args);
    expect(resolved).toMatchObject({ kind: "answer", isError: true });
    expect(resolved.kind === "answer" ? resolved.text : "").toMatch(
      /^Error: call_tool .*"arguments"/,
    );
  }
});

test("answers an unknown tool with names like it", () => {
  expect(offered.resolve("call_tool", { name: "erp_get_documents" })).toEqual({
    kind: "unknown",
    near: expect.arrayContaining(["erp_get_document"]),
  });
});

test("yields its own names to the client, and a tool's name to its own", () => {
  const own = { ...visibleTool("erp", "search_tools"), name: "search_tools" };
  const yielding = offerSearch([own], new Set(["call_tool"]));
  expect(yielding.functions.map((tool) => tool.function.name)).toEqual([
    "call_tool_gw",
    "search_tools",
  ]);
  expect(yielding.resolve("search_tools", { query: "search" })).toMatchObject({ kind: "answer" });
  expect(yielding.resolve("call_tool_gw", { name: "search_tools_gw" })).toMatchObject({
    kind: "tool",
    tool: own,
  });
});

test("goes on without one of its functions", () => {
  const fewer = offered.without("call_tool");
  expect(fewer?.functions.map((tool) => tool.function.name)).toEqual(["search_tools"]);
  expect(offered.without("wave_list_invoices")).toBeUndefined();
});
