import { expect, test } from "vitest";
import { planAnswer, type Plan } from "../../src/chat/deterministic-model.ts";
import { visibleTool } from "../support/visible-tool.ts";

const TOOLS = [
  visibleTool("erp", "get_document", {
    description: "Reads one document.\nMore about it.",
    inputSchema: {
      type: "object",
      properties: { doctype: { type: "string" }, fields: { type: "array" } },
      required: ["doctype"],
    },
  }),
  visibleTool("time", "now", { description: "The time" }),
];

function said(plan: Plan): string {
  if (plan.kind === "say") return plan.text;
  throw new TypeError("ran a tool");
}

test("explains itself with an example that works", () => {
  const text = said(planAnswer("help", TOOLS));
  expect(text).toContain("No language model is configured");
  expect(text).toContain('call erp_get_document {"doctype":"…"}');
});

test("lists tools with their arguments and one line each", () => {
  expect(said(planAnswer("tools", TOOLS))).toBe(
    "Available tools: 2\n\n" +
      "- `erp_get_document` (doctype, [fields]): Reads one document. More about it.\n" +
      "- `time_now`: The time",
  );
});

test("lists only what matches", () => {
  expect(said(planAnswer("tools read ERP", TOOLS))).toContain("Available tools: 1");
  expect(said(planAnswer("tools nothing", TOOLS))).toBe(
    'No tools match "nothing". `tools` lists all 2.',
  );
});

test("answers a sentence with what there is and that nothing can understand it", () => {
  const text = said(planAnswer("Which pools are degraded?", TOOLS));
  expect(text).toContain("No language model is configured");
  expect(text).toContain("Available tools: 2");
});

test("finds a tool under every way people write its name", () => {
  for (const name of [
    "erp_get_document",
    "erp.get_document",
    "erp/get_document",
    "erp__get_document",
  ]) {
    expect(planAnswer(`call ${name} {"doctype": "Item"}`, TOOLS)).toEqual({
      kind: "run",
      tool: TOOLS[0],
      arguments: { doctype: "Item" },
    });
  }
});

test("names near matches of an unknown tool", () => {
  expect(said(planAnswer("call get_documents", TOOLS))).toBe(
    "There is no tool `get_documents`. Did you mean:\n\n- `erp_get_document`",
  );
});

test("says what is wrong with arguments, and runs nothing", () => {
  expect(said(planAnswer("call erp_get_document {bad}", TOOLS))).toBe(
    'Cannot read the arguments of `erp_get_document`: not valid JSON: expected a name in double quotes at position 2, found "b"\n\n' +
      'For example: `call erp_get_document {"doctype":"…"}`',
  );
});

test("says so when there are no tools", () => {
  expect(said(planAnswer("tools", []))).toBe("Available tools: none at the moment.");
});
