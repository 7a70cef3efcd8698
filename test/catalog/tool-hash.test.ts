import { expect, test } from "vitest";
import type { ListedTool } from "../../src/catalog/listing.ts";
import { toolButForName, toolHash, toolShape } from "../../src/catalog/tool-hash.ts";

const TOOL = {
  name: "pay",
  title: "Pay",
  description: "Pays an invoice",
  inputSchema: {
    type: "object",
    properties: {
      invoice: { type: "string", description: "Its number" },
      description: { type: "string", description: "What for", default: "rent" },
    },
  },
  outputSchema: { type: "object", properties: { paid: { type: "boolean" } } },
  annotations: { destructiveHint: true },
  icons: [{ src: "https://bank.example/icon.png" }],
  _meta: { "bank.example/tier": "gold" },
} satisfies ListedTool;

test("does not depend on the order of keys, nor on how accents are written", async () => {
  const { name, ...rest } = TOOL;
  expect(await toolHash({ ...rest, name })).toBe(await toolHash(TOOL));
  const composed = { ...TOOL, description: "caf\u00e9" };
  const decomposed = { ...TOOL, description: "cafe\u0301" };
  expect(await toolHash(decomposed)).toBe(await toolHash(composed));
});

test("covers every part of a definition", async () => {
  const { inputSchema } = TOOL;
  const changed: ListedTool[] = [
    { ...TOOL, name: "pay2" },
    { ...TOOL, title: "Pays" },
    { ...TOOL, description: "Pays an invoice\u200b" },
    { ...TOOL, inputSchema: { ...inputSchema, additionalProperties: false } },
    {
      ...TOOL,
      inputSchema: {
        ...inputSchema,
        properties: { ...inputSchema.properties, invoice: { type: "string", description: "!" } },
      },
    },
    { ...TOOL, outputSchema: { type: "object" } },
    { ...TOOL, annotations: { destructiveHint: false } },
    { ...TOOL, icons: [{ src: "https://evil.example/icon.png" }] },
    { ...TOOL, _meta: { "bank.example/tier": "silver" } },
    { ...TOOL, "x-unknown": 1 },
  ];
  const hashes = await Promise.all([TOOL, ...changed].map(toolHash));
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("tells an object from a list that is written like it", async () => {
  const object = { ...TOOL, _meta: { a: 1 } };
  const list = { ...TOOL, _meta: ["{", "a", 1] };
  expect(await toolHash(object)).not.toBe(await toolHash(list));
});

test("sees the same shape behind other words", () => {
  const reworded: ListedTool = {
    ...TOOL,
    title: "Zahlen",
    description: "Zahlt",
    inputSchema: {
      type: "object",
      properties: {
        invoice: { type: "string", title: "Nummer" },
        description: { type: "string", description: "Wofür", default: "rent" },
      },
    },
  };
  expect(toolShape(reworded)).toBe(toolShape(TOOL));
});

test("sees another shape in another argument, default, annotation or result", () => {
  const { inputSchema } = TOOL;
  const { description: _property, ...others } = inputSchema.properties;
  const changed: ListedTool[] = [
    { ...TOOL, inputSchema: { ...inputSchema, properties: others } },
    { ...TOOL, inputSchema: { ...inputSchema, required: ["invoice"] } },
    {
      ...TOOL,
      inputSchema: {
        ...inputSchema,
        properties: { ...others, description: { type: "string", default: "gift" } },
      },
    },
    { ...TOOL, annotations: { readOnlyHint: true } },
    { ...TOOL, outputSchema: { type: "string" } },
  ];
  for (const tool of changed) expect(toolShape(tool)).not.toBe(toolShape(TOOL));
});

test("knows a tool again that has only another name", () => {
  expect(toolButForName({ ...TOOL, name: "transfer" })).toBe(toolButForName(TOOL));
  expect(toolButForName({ ...TOOL, title: "Transfer" })).not.toBe(toolButForName(TOOL));
});
