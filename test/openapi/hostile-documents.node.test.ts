import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { typeText } from "../../src/pages/schema-text.ts";
import { describeTools, type ToolWords } from "../support/described-tools.ts";

/** In Node, because the clock of workerd stands still while nothing is waited for. */
const SOON_MS = 10_000;

/** A kilobyte that doubles with each of its references. */
function doubling(keyword: string): JsonObject {
  const levels = Array.from({ length: 20 }, (_, level) => {
    const next = { $ref: `#/$defs/l${level + 1}` };
    return [`l${level}`, { [keyword]: [next, next] }] as const;
  });
  return { $ref: "#/$defs/l0", $defs: { ...Object.fromEntries(levels), l20: { type: "string" } } };
}

/** Tools that each have a schema of their own, as JSON brings them. */
function manyTools(count: number, inputSchema: JsonObject): Record<string, ToolWords> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `tool${i}`,
      { inputSchema: structuredClone(inputSchema) },
    ]),
  );
}

test.each(["allOf", "anyOf"])(
  "writes no document without end for tools that double by %s",
  async (keyword) => {
    const tools = manyTools(2_000, doubling(keyword));
    const before = performance.now();
    const document = await describeTools({ tools });
    expect(JSON.stringify(document).length).toBeLessThan(20 * 1024 * 1024);
    expect(performance.now() - before).toBeLessThan(SOON_MS);
    expect(Object.keys(document["paths"] as JsonObject)).toHaveLength(2_000);
  },
);

test("writes out references as ever where there are no such tools", async () => {
  const inputSchema = {
    properties: { p: { $ref: "#/$defs/q" } },
    $defs: { q: { type: "string", description: "x".repeat(3_000) } },
  };
  const text = JSON.stringify(await describeTools({ tools: manyTools(500, inputSchema) }));
  expect(text.split("x".repeat(3_000))).toHaveLength(501);
});

test("looks up a value once for the page, however many references lead to it", () => {
  const anyOf = (name: string): JsonObject => ({
    anyOf: Array.from({ length: 6 }, () => ({ $ref: `#/components/schemas/${name}` })),
  });
  const values = Array.from({ length: 12 }, () => Array.from({ length: 100_000 }, () => 1));
  const components = { a: { enum: values }, b: anyOf("a"), c: anyOf("b") };
  const before = performance.now();
  for (let field = 0; field < 20; field += 1) typeText(anyOf("c"), components);
  expect(performance.now() - before).toBeLessThan(SOON_MS);
});

test("has no reference in it that is none of a schema", async () => {
  const elsewhere = { $ref: "file:///etc/passwd" };
  const values = {
    d: { type: "object", default: elsewhere },
    e: { enum: [elsewhere, 1] },
    c: { const: { deep: [elsewhere] } },
    x: { type: "object", examples: [elsewhere, { plain: 1 }] },
    o: { type: "object", example: elsewhere },
    w: { "x-widget": elsewhere },
    r: elsewhere,
  };
  const tool = {
    inputSchema: { type: "object", properties: values, required: ["d"], examples: [elsewhere] },
    outputSchema: { type: "object", properties: values },
    _meta: { a: elsewhere },
    icons: [elsewhere],
    annotations: { title: "T", more: elsewhere },
  };
  const text = JSON.stringify(await describeTools({ tools: { tool, other: { _meta: { a: 1 } } } }));
  expect(text).not.toContain("/etc/passwd");
  expect(text).toContain('{"plain":1}');
  expect(text).toContain('"x-mcp-meta":{"a":1}');
});
