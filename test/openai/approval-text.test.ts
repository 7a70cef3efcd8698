import { expect, test } from "vitest";
import { approvalText } from "../../src/openai/approval-text.ts";
import { visibleTool } from "../support/visible-tool.ts";

test("shows letters that are not seen, and those that turn others around", () => {
  const args = { file: "safe\u202etxt.exe", note: "a\u200bb\u{e0041}", line: "é ü 漢" };
  const tool = visibleTool("erp", "delete");
  const run = { id: "call_1", name: "erp_delete", tool, arguments: args };
  const text = approvalText({ code: "ABCD2345", runs: [run], expiresIn: 60 });
  expect(text).toContain(String.raw`"file": "safe\u202etxt.exe"`);
  expect(text).toContain(String.raw`"note": "a\u200bb\udb40\udc41"`);
  expect(text).toContain("é ü 漢");
});
