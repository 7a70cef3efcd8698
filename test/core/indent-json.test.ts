import { expect, test } from "vitest";
import { indentJson } from "../../src/core/indent-json.ts";

test("stands as JSON.stringify puts it, with numbers as they are written", () => {
  const value = { a: [1, "x,{}", { b: null }], none: {}, empty: [], quote: '\\" :' };
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  expect(indentJson('{"n":12345678901234567890}')).toBe('{\n  "n": 12345678901234567890\n}');
});

test("makes no gigabyte of a megabyte of arrays in arrays", () => {
  const nested = "[".repeat(1_000) + "]".repeat(1_000);
  expect(indentJson(nested).length).toBeLessThan(nested.length * 30);
  const long = `[${Array(500).fill(nested).join(",")}]`;
  expect(indentJson(long)).toBe(long);
});
