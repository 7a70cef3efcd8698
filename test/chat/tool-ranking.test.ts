import { expect, test } from "vitest";
import { nameTools } from "../../src/chat/tool-names.ts";
import { indexTools } from "../../src/chat/tool-ranking.ts";
import { visibleTool } from "../support/visible-tool.ts";

const TOOLS = nameTools(
  [
    visibleTool("erp", "get_document", { description: "Reads a document of any type" }),
    visibleTool("erp", "get_document_history", { description: "Reads who changed a document" }),
    visibleTool("erp", "runReport", { description: "Balance sheet, profit and loss" }),
    visibleTool("wave", "list_invoices", { description: "All invoices of a customer" }),
    visibleTool("wave", "send_reminder", {
      description: "Reminds a customer of an invoice",
      inputSchema: { type: "object", properties: { dunning_level: { type: "integer" } } },
    }),
    visibleTool("nas", "pool_query", { description: "Überfällige Prüfungen der Datenträger" }),
    visibleTool("home", "light", { description: "照明を点ける" }),
  ],
  new Set(),
);
const index = indexTools(TOOLS);

function names(query: string, limit = 10): readonly string[] {
  return index.search(query, limit).tools.map(({ name }) => name);
}

test("puts a tool first whose name is asked for, in any spelling", () => {
  for (const query of ["erp_get_document", "get_document", "erp.get_document", "getDocument"]) {
    expect(names(query)[0]).toBe("erp_get_document");
  }
});

test("prefers words of the name to those of the description", () => {
  expect(names("invoice")).toEqual(["wave_list_invoices", "wave_send_reminder"]);
  expect(names("document")).toEqual(["erp_get_document", "erp_get_document_history"]);
});

test("finds the tools of a backend by its name", () => {
  expect(names("wave")).toEqual(["wave_list_invoices", "wave_send_reminder"]);
});

test("understands a sentence, other endings, humps, parameters and accents", () => {
  expect(names("show me all the invoices for this customer please")[0]).toBe("wave_list_invoices");
  expect(names("documents histories")[0]).toBe("erp_get_document_history");
  expect(names("report")[0]).toBe("erp_runReport");
  expect(names("dunning")).toEqual(["wave_send_reminder"]);
  expect(names("uberfallig")).toEqual(["nas_pool_query"]);
});

test("puts tools with more of the words before those with a rarer one", () => {
  expect(names("customer reminder")[0]).toBe("wave_send_reminder");
});

test("finds the middle of a word, and scripts without spaces", () => {
  expect(names("träger")).toEqual(["nas_pool_query"]);
  expect(names("照明")).toEqual(["home_light"]);
  expect(names("点け")).toEqual(["home_light"]);
});

test("finds nothing for what no tool says, and for no words at all", () => {
  expect(names("zebra")).toEqual([]);
  expect(names("")).toEqual([]);
  expect(names("?!")).toEqual([]);
});

test("counts all that match, and shows what was asked for", () => {
  expect(index.search("document", 1)).toMatchObject({ total: 2, tools: { length: 1 } });
});

test("searches thousands of tools, and takes a query of any length", () => {
  const many = nameTools(
    Array.from({ length: 5_000 }, (_, at) =>
      visibleTool(`backend-${at % 20}`, `do_thing_${at}`, {
        description: `Does thing number ${at} for the people who need it done`.repeat(3),
      }),
    ),
    new Set(),
  );
  const large = indexTools(many);
  expect(large.search("thing 4711", 3).tools[0]?.visible.ownName).toBe("do_thing_4711");
  expect(large.search("thing ".repeat(100_000), 3).total).toBe(5_000);
});
