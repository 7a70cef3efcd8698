import { expect, test } from "vitest";
import { documentWarnings } from "../../src/status/document-warnings.ts";
import { visibleTool } from "../support/visible-tool.ts";

test("names the tools whose schemas documents cannot take over, and why", () => {
  const $ref = "#/$defs/Gone";
  const properties = { a: { $ref }, b: { type: "integer", minimum: "1" } };
  expect(
    documentWarnings([
      visibleTool("erp", "fine", { inputSchema: { type: "object", properties: {} } }),
      visibleTool("erp", "odd", { inputSchema: { type: "object", properties } }),
    ]),
  ).toEqual([
    'The input schema of "erp_odd" is described only in part: the reference "#/$defs/Gone" leads nowhere; "minimum" is written in a way that means nothing',
  ]);
});

test("does not tell everything of a schema that is wrong all over", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 8 }, (_, n) => [`p${n}`, { $ref: `#/$defs/Gone${n}` }]),
  );
  const [warning] = documentWarnings([
    visibleTool("erp", "odd", { inputSchema: { type: "object", properties } }),
  ]);
  expect(warning).toMatch(/Gone2" leads nowhere and 5 more$/);
});
