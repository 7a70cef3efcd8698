import { expect, test } from "vitest";
import { nameTools } from "../../src/chat/tool-names.ts";
import { visibleTool } from "../support/visible-tool.ts";

const SAFE = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;

test("case 19: names every tool safely and once, whatever its backend calls it", () => {
  const own = ["a.b", "a b", "a/b", "名前", "x".repeat(200), `${"x".repeat(200)}y`, "__proto__"];
  const tools = ["erp", "nas"].flatMap((backend) => own.map((name) => visibleTool(backend, name)));
  const named = nameTools(tools, new Set());
  expect(named).toHaveLength(tools.length);
  expect(new Set(named.map(({ name }) => name)).size).toBe(tools.length);
  expect(named.filter(({ name }) => !SAFE.test(name))).toEqual([]);
});

test("calls the tools of one backend by their own names where providers take them", () => {
  const tools = ["get_document", "get document"].map((ownName) => ({
    ...visibleTool("erp", ownName),
    name: ownName,
  }));
  const names = nameTools(tools, new Set()).map(({ name }) => name);
  expect(names[1]).toBe("get_document");
  expect(names[0]).toMatch(/^erp_get_document_[a-z0-9]{6}$/);
});

test("leaves a name to the client who has it, and yields with the same name each time", () => {
  const long = "x".repeat(60);
  const tools = [visibleTool("erp", "get"), visibleTool("erp", long)];
  const taken = new Set(["erp_get", `erp_${long}`]);
  const names = nameTools(tools, taken).map(({ name }) => name);
  expect(names[0]).toBe("erp_get_gw");
  expect(names[1]).toMatch(/^erp_x{53}_[a-z0-9]{6}$/);
  expect(nameTools(tools.toReversed(), taken).map(({ name }) => name)).toEqual(names);
});

test("yields further where the client has taken that name too, but never to a neighbour's cost", () => {
  const tools = [visibleTool("erp", "get"), visibleTool("erp", "get_gw")];
  const named = nameTools(tools, new Set(["erp_get"]));
  expect(named.find(({ visible }) => visible.ownName === "get_gw")?.name).toBe("erp_get_gw");
  expect(named.find(({ visible }) => visible.ownName === "get")?.name).toMatch(/^erp_get_\w{6}$/);
});
