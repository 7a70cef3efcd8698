import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { findProblems } from "../../src/openapi/check-arguments.ts";

/** In Node, because the clock of workerd stands still while nothing is waited for. */

/** More than it takes here by far, and less than anybody would wait for. */
const SOON_MS = 3_000;

function soon(schema: JsonObject, value: JsonObject): void {
  const before = performance.now();
  findProblems(value, JSON.stringify(value).length, schema);
  expect(performance.now() - before).toBeLessThan(SOON_MS);
}

test.each([
  "^(a+)+$",
  "^(a|a)*$",
  "(.*a){20}",
  "^(a?){30}a{30}$",
  `${"a?".repeat(60)}${"a".repeat(60)}`,
  `${"(a|a)".repeat(30)}b`,
  `${"a{0,9}".repeat(30)}b`,
  "(?=(a+))\\1b",
  ".*.*.*.*.*=.*",
  "\\s+$",
  "a{99999}",
  "[",
])("waits for no pattern %s", (pattern) => {
  for (const text of ["a".repeat(280), `${" ".repeat(60_000)}x`, "a".repeat(60_000)]) {
    soon({ properties: { x: { pattern } } }, { x: text });
    soon({ patternProperties: { [pattern]: { type: "string" } } }, { [text]: 1 });
  }
});

test("waits for no pattern that is asked again and again", () => {
  const once = { pattern: "^.*.*b$" };
  soon(
    { properties: { x: { allOf: Array.from({ length: 1_000 }, () => once) } } },
    { x: "a".repeat(250) },
  );
  const list = { items: { anyOf: Array.from({ length: 500 }, () => once) } };
  soon({ properties: { x: list } }, { x: Array(20).fill("aaaaaaa") });
});

test("waits for no schema that doubles with each level", () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, level) => {
      const next = { $ref: `#/$defs/l${level + 1}` };
      return [`l${level}`, { anyOf: [next, next], type: "string" }];
    }),
  );
  soon({ properties: { x: { $ref: "#/$defs/l0" } }, $defs }, { x: "a" });
  const tree = { properties: { a: { $ref: "#/$defs/t" }, b: { $ref: "#/$defs/t" } } };
  const twice = { anyOf: [tree, tree], type: "object" };
  let deep: JsonObject = {};
  for (let level = 0; level < 40; level += 1) deep = { a: deep };
  soon({ properties: { x: { $ref: "#/$defs/t" } }, $defs: { t: twice } }, { x: deep });
});

test("ends with references that never end", () => {
  for (const schema of [
    { $ref: "#" },
    { properties: { x: { $ref: "#/properties/x" } } },
    { allOf: [{ $ref: "#" }] },
  ]) {
    expect(findProblems({ x: 1 }, 7, schema)).toEqual([]);
  }
});

test("ends with schemas and values of any size and depth", () => {
  const many = Object.fromEntries(
    Array.from({ length: 6_000 }, (_, i) => [`p${i}`, { enum: [i] }]),
  );
  soon({ properties: many }, { p1: 2 });
  let nested: JsonObject = {};
  for (let level = 0; level < 20_000; level += 1) nested = { properties: { a: nested } };
  soon(nested, { a: { a: 1 } });
  const wide = { items: { enum: Array.from({ length: 4_000 }, (_, i) => ({ i })) } };
  soon({ properties: { x: wide } }, { x: Array.from({ length: 6_000 }, () => ({ i: -1 })) });
  soon(
    { additionalProperties: false },
    Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [i, 1])),
  );
});
