import { expect, test } from "vitest";
import { offerTools } from "../../src/chat/offer-tools.ts";
import { visibleTool } from "../support/visible-tool.ts";

const TOOLS = [visibleTool("time", "now"), visibleTool("erp", "get_document")];

function clientTool(name: string) {
  return { type: "function", function: { name, parameters: { type: "object" } } };
}

function names(offered: ReturnType<typeof offerTools>): readonly string[] {
  return offered.functions.map((tool) => tool.function.name);
}

test("offers every tool as a function, sorted by name, and knows it by that name", () => {
  const offered = offerTools({ tools: TOOLS, clientTools: [], maxTools: 128 });
  expect(names(offered)).toEqual(["erp_get_document", "time_now"]);
  expect(offered.functions[0]?.function.parameters).toEqual({ type: "object", properties: {} });
  expect(offered.resolve("time_now", { zone: "UTC" })).toEqual({
    kind: "tool",
    tool: TOOLS[0],
    arguments: { zone: "UTC" },
  });
});

test("answers a name it does not know with those that look like it", () => {
  const offered = offerTools({ tools: TOOLS, clientTools: [], maxTools: 128 });
  expect(offered.resolve("erp.getDocument", {})).toEqual({
    kind: "unknown",
    near: ["erp_get_document"],
  });
});

test("lets a client's tool of the same name win, in every spelling of a tool", () => {
  const clientTools = [
    clientTool("time_now"),
    { type: "custom", custom: { name: "erp_get_document" } },
  ];
  const offered = offerTools({ tools: TOOLS, clientTools, maxTools: 128 });
  expect(names(offered)).toEqual(["erp_get_document_gw", "time_now_gw"]);
  expect(offered.resolve("time_now_gw", {})).toMatchObject({ kind: "tool", tool: TOOLS[0] });
  expect(offered.resolve("time_now", {}).kind).toBe("unknown");
  const flat = offerTools({ tools: TOOLS, clientTools: [{ name: "time_now" }], maxTools: 128 });
  expect(names(flat)).toEqual(["erp_get_document", "time_now_gw"]);
});

test("goes on without the function a provider refuses, and keeps the other names", () => {
  const offered = offerTools({
    tools: TOOLS,
    clientTools: [clientTool("time_now")],
    maxTools: 128,
  });
  const fewer = offered.without("erp_get_document");
  expect(fewer === undefined ? [] : names(fewer)).toEqual(["time_now_gw"]);
  expect(fewer?.resolve("erp_get_document", {}).kind).toBe("unknown");
  expect(offered.without("time_now")).toBeUndefined();
});

test("case 20: offers a search and a call in place of more tools than the request may have", () => {
  const tools = Array.from({ length: 150 }, (_, index) => visibleTool("erp", `tool_${index}`));
  const clientTools = Array.from({ length: 40 }, (_, index) => clientTool(`builtin_${index}`));
  const offered = offerTools({ tools, clientTools, maxTools: 128 });
  expect(names(offered)).toEqual(["call_tool", "search_tools"]);
});

test("fills a request to the last place before it searches", () => {
  expect(
    names(offerTools({ tools: TOOLS, clientTools: [clientTool("a")], maxTools: 3 })),
  ).toHaveLength(2);
});

test("offers nothing where the client has taken every place", () => {
  const clientTools = Array.from({ length: 128 }, (_, index) => clientTool(`builtin_${index}`));
  expect(names(offerTools({ tools: TOOLS, clientTools, maxTools: 128 }))).toEqual([]);
});

test("searches for a caller who asked for that, where searching is shorter", () => {
  const tools = Array.from({ length: 3 }, (_, index) => visibleTool("erp", `tool_${index}`));
  const offer = (count: number) =>
    offerTools({ tools: tools.slice(0, count), clientTools: [], maxTools: 128, isSearched: true });
  expect(names(offer(3))).toEqual(["call_tool", "search_tools"]);
  expect(names(offer(2))).toEqual(["erp_tool_0", "erp_tool_1"]);
});
