import { expect, test } from "vitest";
import { findMember, isNestedDeeper, listItems } from "../../src/core/json-spans.ts";

function memberOf(text: string, name: string): string | undefined {
  const span = findMember(text, text.indexOf("{"), name);
  return span === undefined ? undefined : text.slice(span.start, span.end);
}

function itemsOf(text: string): string[] {
  return listItems(text, text.indexOf("[")).map(({ start, end }) => text.slice(start, end));
}

test.each([
  ['{"a":1}', "1"],
  [' { "b" : [ "}" , {"a":0} ] ,\n"a"\t:\r -1.50e+3 } ', "-1.50e+3"],
  ['{"x":"\\"a\\":9\\\\","a":"\\\\\\""}', '"\\\\\\""'],
  ['{"\\u0061":12345678901234567890}', "12345678901234567890"],
  ['{"a":{"a":1},"b":{}}', '{"a":1}'],
  ['{"a":1,"a":[2]}', "[2]"],
  ['{"a":null}', "null"],
  ['{"b":{"a":1}}', undefined],
  ["{}", undefined],
  ["{ }", undefined],
])("finds the member in %s", (text, found) => {
  expect(memberOf(text, "a")).toBe(found);
  if (found !== undefined) {
    expect(JSON.parse(text)).toHaveProperty("a", JSON.parse(found));
  }
});

test.each([
  ["[]", []],
  ["[ ]", []],
  ['[1,"],[",{"a":[1]} , [ ] ,true]', ["1", '"],["', '{"a":[1]}', "[ ]", "true"]],
  [" [\n1.0\n]", ["1.0"]],
])("finds the items of %s", (text, items) => {
  expect(itemsOf(text)).toEqual(items);
});

test("finds the same as the parser in values of every kind", () => {
  const values = ["", '"', "\\", '\\"', "{[]}", "\u2028🙂\ud800", 0, -1e-7, true, null, [[]], [{}]];
  for (const value of values) {
    for (const other of values) {
      const text = JSON.stringify({ other, "a\\": value, nested: { "a\\": other } }, null, 1);
      expect(memberOf(text, "a\\")).toBe(JSON.stringify(value, null, 1).replaceAll("\n", "\n "));
      expect(itemsOf(JSON.stringify([other, value]))).toEqual(
        [other, value].map((one) => JSON.stringify(one)),
      );
    }
  }
});

test("knows how deep a text is nested", () => {
  const nested = `${"[".repeat(10)}"[[[[["${"]".repeat(10)}`;
  expect(isNestedDeeper(nested, 10)).toBe(false);
  expect(isNestedDeeper(nested, 9)).toBe(true);
  expect(isNestedDeeper("[]".repeat(100), 1)).toBe(false);
});
