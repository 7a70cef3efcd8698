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

/** `count` schemas that are the same and not one, as JSON brings them. */
function copies(count: number, schema: JsonObject): JsonObject[] {
  return Array.from({ length: count }, () => ({ ...schema }));
}

const NAMES = Array.from({ length: 50_000 }, (_, i) => `name${i}`);
const WIDE: JsonObject = Object.fromEntries(NAMES.slice(0, 4_000).map((name) => [name, 1]));
const EMPTY = { x: Array.from({ length: 4_000 }, () => ({ a: 1 })) };

test.each<readonly [string, JsonObject, JsonObject]>([
  ["are missing", { required: NAMES }, { x: 1 }],
  ["are missing again and again", { properties: { x: { items: { required: NAMES } } } }, EMPTY],
  [
    "are missing beside others",
    { properties: { x: { items: { dependentRequired: { a: NAMES.slice(0, 3_000) } } } } },
    EMPTY,
  ],
  ["are not allowed", { allOf: copies(2_000, { additionalProperties: false }) }, WIDE],
  ["are not allowed as names", { allOf: copies(2_000, { propertyNames: false }) }, WIDE],
  ["match no pattern", { allOf: copies(2_000, { patternProperties: { "^": false } }) }, WIDE],
  ["are counted", { allOf: copies(4_000, { minProperties: 5 }) }, WIDE],
  [
    "no alternative has",
    { unevaluatedProperties: false, allOf: copies(1_000, { properties: { a: {} } }) },
    WIDE,
  ],
])("tells of a few of many keys that %s", (_, schema, value) => {
  soon(schema, value);
  const problems = findProblems(value, JSON.stringify(value).length, schema);
  expect(problems.length).toBeLessThan(100);
});

test("waits for no keyword that costs more than a look", () => {
  const long = "a".repeat(60_000);
  const same = { $ref: "#/$defs/same" };
  const again = (named: JsonObject, value: JsonObject): void =>
    soon({ properties: { x: { allOf: copies(4_000, same) } }, $defs: { same: named } }, value);
  again({ minLength: 1 }, { x: long });
  again({ minLength: 70_000 }, { x: long });
  again({ format: "email" }, { x: long });
  again(
    { patternProperties: { "^.*.*.*b$": { type: "string" } } },
    { x: { ["a".repeat(250)]: 1 } },
  );
  again({ items: false }, { x: Array(20_000).fill(1) });
  const constant = { const: NAMES };
  soon({ properties: { x: { items: constant } } }, { x: Array.from({ length: 4_000 }, () => [1]) });
});

test("still checks what people send", () => {
  const row = {
    type: "object",
    properties: { id: { type: "integer" }, name: { type: "string", maxLength: 50 } },
    required: ["id"],
    additionalProperties: false,
  };
  const rows = Array.from({ length: 900 }, (_, id) => ({ id, name: `name ${id}` }));
  const schema = { properties: { rows: { type: "array", items: row } } };
  const value = { rows: [...rows, { id: "1", name: "x" }] };
  expect(findProblems({ rows }, JSON.stringify(rows).length, schema)).toEqual([]);
  expect(findProblems(value, JSON.stringify(value).length, schema)).toMatchObject([
    { type: "int_type", loc: ["body", "rows", 900, "id"] },
  ]);
});

test.each(["constructor", "__proto__", "toString"])("knows no type called %s", (type) => {
  expect(findProblems({ x: 1 }, 7, { properties: { x: { type } } })).toEqual([]);
});
