import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { findProblems } from "../../src/openapi/check-arguments.ts";

const SCHEMA = "https://json-schema.org/draft/2020-12/schema";

function problems(inputSchema: JsonObject, value: JsonObject) {
  return findProblems(value, JSON.stringify(value).length, inputSchema);
}

/** Of one property `x`. */
function told(schema: JsonValue, value: JsonValue) {
  return problems({ type: "object", properties: { x: schema } }, { x: value }).map(
    ({ type, loc, msg, ctx }) => ({ type, loc, msg, ...(ctx === undefined ? {} : { ctx }) }),
  );
}

describe("a value that does not fit", () => {
  test.each<[JsonValue, JsonValue, string, string, JsonObject?]>([
    [{ type: "string" }, 5, "string_type", "Input should be a valid string, not 5"],
    [{ type: "integer" }, "5", "int_type", 'Input should be a valid integer, not "5"'],
    [{ type: "integer" }, 5.5, "int_from_float", "Input should be a valid integer, not 5.5"],
    [{ type: "number" }, null, "float_type", "Input should be a valid number, not null"],
    [{ type: "boolean" }, "yes", "bool_type", 'Input should be a valid boolean, not "yes"'],
    [{ type: "array" }, {}, "list_type", "Input should be a valid list, not an object"],
    [{ type: "object" }, [], "dict_type", "Input should be a valid object, not a list"],
    [{ type: "null" }, 0, "none_required", "Input should be null, not 0"],
    [
      { type: ["string", "integer", "null"] },
      true,
      "union_error",
      "Input should be a valid string, a valid integer or null, not true",
    ],
    [
      { type: ["string", "null"] },
      5,
      "string_type",
      "Input should be a valid string or null, not 5",
    ],
    [
      { type: "string", enum: ["red", "green", "it's"] },
      "purple",
      "literal_error",
      `Input should be 'red', 'green' or "it's", not "purple"`,
      { expected: `'red', 'green' or "it's"` },
    ],
    [{ const: 7 }, "7", "literal_error", 'Input should be 7, not "7"', { expected: "7" }],
    [
      { minimum: 1 },
      0,
      "greater_than_equal",
      "Input should be greater than or equal to 1, not 0",
      { ge: 1 },
    ],
    [
      { maximum: 3 },
      4,
      "less_than_equal",
      "Input should be less than or equal to 3, not 4",
      { le: 3 },
    ],
    [
      { exclusiveMinimum: 1 },
      1,
      "greater_than",
      "Input should be greater than 1, not 1",
      { gt: 1 },
    ],
    [
      { minimum: 1, exclusiveMinimum: true },
      1,
      "greater_than",
      "Input should be greater than 1, not 1",
      { gt: 1 },
    ],
    [{ exclusiveMaximum: 3 }, 3, "less_than", "Input should be less than 3, not 3", { lt: 3 }],
    [
      { multipleOf: 0.1 },
      0.25,
      "multiple_of",
      "Input should be a multiple of 0.1, not 0.25",
      { multiple_of: 0.1 },
    ],
    [
      { minLength: 2 },
      "🙂",
      "string_too_short",
      "String should have at least 2 characters",
      { min_length: 2 },
    ],
    [
      { maxLength: 1 },
      "ab",
      "string_too_long",
      "String should have at most 1 character",
      { max_length: 1 },
    ],
    [
      { pattern: "^[a-z]+$" },
      "A",
      "string_pattern_mismatch",
      `String should match pattern '^[a-z]+$', not "A"`,
      { pattern: "^[a-z]+$" },
    ],
    [
      { minItems: 2 },
      [1],
      "too_short",
      "List should have at least 2 items, not 1",
      { field_type: "List", min_length: 2, actual_length: 1 },
    ],
    [
      { maxProperties: 1 },
      { a: 1, b: 2 },
      "too_long",
      "Object should have at most 1 key, not 2",
      { field_type: "Object", max_length: 1, actual_length: 2 },
    ],
    [{ not: { type: "string" } }, "a", "value_error", 'Input should be something else than "a"'],
    [
      { contains: { type: "string" } },
      [1],
      "value_error",
      "List should contain at least 1 item that fit the schema",
    ],
    [
      { anyOf: [{ type: "string" }, { type: "null" }] },
      5,
      "string_type",
      "Input should be a valid string, not 5",
    ],
    [
      { oneOf: [{ type: "string" }, { enum: [1, 2] }] },
      5,
      "union_error",
      "Input should be a valid string or 1 or 2, not 5",
    ],
  ])("of %j: %j is told as %s", (schema, value, type, msg, ctx) => {
    expect(told(schema, value)).toEqual([
      { type, loc: ["body", "x"], msg, ...(ctx === undefined ? {} : { ctx }) },
    ]);
  });

  test.each([
    ["date", "31.1.2026", "2026-01-31", "date_parsing"],
    ["date-time", "tomorrow", "2026-01-31T12:00:00", "datetime_parsing"],
    ["email", "nobody", "jürgen@bücher.example", "value_error"],
    ["uri", "www.example.com", "mcp+x://a", "url_parsing"],
    ["ipv4", "1.2.3", "127.0.0.1", "ip_v4_address"],
    ["ipv6", "localhost", "::ffff:1.2.3.4", "ip_v6_address"],
    ["uuid", "1234", "0123456789abcdef0123456789ABCDEF", "uuid_parsing"],
  ])("of format %s is refused where every reader would", (format, bad, good, type) => {
    expect(told({ type: "string", format }, bad)).toMatchObject([{ type, loc: ["body", "x"] }]);
    expect(told({ type: "string", format }, good)).toEqual([]);
  });

  test("of a format that nobody knows is left to the backend", () => {
    expect(told({ type: "string", format: "colour" }, "x")).toEqual([]);
  });
});

const ORDER: JsonObject = {
  $schema: SCHEMA,
  type: "object",
  required: ["id", "lines"],
  additionalProperties: false,
  properties: {
    id: { type: "string" },
    lines: { type: "array", items: { $ref: "#/$defs/line" } },
  },
  $defs: {
    line: {
      type: "object",
      required: ["n"],
      properties: { n: { type: "integer", minimum: 1 }, "a/b~#%": { type: "string" } },
    },
  },
};

test("tells everything that is wrong at once, at the bottom of it", () => {
  const value = { lines: [{ n: 1 }, { n: 0 }, {}, { n: 1, "a/b~#%": 1 }], later: 1 };
  expect(problems(ORDER, value).map(({ type, loc }) => [type, ...loc])).toEqual([
    ["missing", "body", "id"],
    ["greater_than_equal", "body", "lines", 1, "n"],
    ["missing", "body", "lines", 2, "n"],
    ["string_type", "body", "lines", 3, "a/b~#%"],
    ["extra_forbidden", "body", "later"],
  ]);
});

test("names what is allowed beside an unknown argument", () => {
  expect(problems(ORDER, { id: "1", lines: [], later: 1 })).toEqual([
    {
      type: "extra_forbidden",
      loc: ["body", "later"],
      msg: "Extra inputs are not permitted: there are 'id' or 'lines'",
      input: 1,
    },
  ]);
});

test("tells a missing argument as FastAPI does", () => {
  expect(problems({ required: ["a"], properties: { a: {} } }, { b: 1 })).toEqual([
    { type: "missing", loc: ["body", "a"], msg: "Field required", input: { b: 1 } },
  ]);
});

test("tells what a name or a neighbour asks for", () => {
  const schema = {
    propertyNames: { pattern: "^[a-z]+$" },
    dependentRequired: { user: ["password"] },
  };
  expect(problems(schema, { user: 1, "B!": 2 }).map(({ type, loc }) => [type, ...loc])).toEqual([
    ["invalid_key", "body", "B!"],
    ["missing", "body", "password"],
  ]);
});

test("tells of the alternative that was meant", () => {
  const schema = {
    oneOf: [
      { properties: { kind: { const: "file" }, path: { type: "string" } }, required: ["path"] },
      { properties: { kind: { const: "text" }, body: { type: "string" } }, required: ["body"] },
    ],
  };
  expect(problems(schema, { kind: "text" })).toMatchObject([
    { type: "missing", loc: ["body", "body"] },
  ]);
  expect(problems(schema, { kind: "file", path: "a", body: "b" })).toEqual([]);
  expect(problems(schema, { path: "a", body: "b", other: 1 })).toMatchObject([
    { type: "value_error", loc: ["body"] },
  ]);
  expect(problems(schema, { kind: "file", path: 1 })).toMatchObject([
    { type: "string_type", loc: ["body", "path"] },
  ]);
});

test("tells what all alternatives want where none was meant", () => {
  const schema = {
    properties: { x: { anyOf: [{ $ref: "#/$defs/a" }, { allOf: [{ type: "array" }] }] } },
    $defs: { a: { type: "object" } },
  };
  expect(problems(schema, { x: 5 })).toMatchObject([
    { type: "union_error", msg: "Input should be a valid object or a valid list, not 5" },
  ]);
});

test("tells no more than twenty things and repeats no long value", () => {
  const names = Array.from({ length: 50 }, (_, index) => `p${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, { type: "integer" }]));
  const value = Object.fromEntries(names.map((name) => [name, "x".repeat(1_000)]));
  const many = problems({ properties }, value);
  expect(many).toHaveLength(20);
  expect(JSON.stringify(many).length).toBeLessThan(20 * 900);
});

describe("arguments that fit", () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      "a null that is allowed",
      { properties: { a: { anyOf: [{ type: "string" }, { type: "null" }] } } },
      { a: null },
    ],
    ["a null by a flag", { properties: { a: { type: "string", nullable: true } } }, { a: null }],
    ["keys beside the declared ones", { properties: { a: {} } }, { b: { c: null } }],
    [
      "draft 7 definitions",
      { properties: { q: { $ref: "#/definitions/Q" } }, definitions: { Q: { type: "string" } } },
      { q: "x" },
    ],
    [
      "a tuple of draft 7",
      { properties: { t: { items: [{ type: "string" }, { type: "integer" }] } } },
      { t: ["a", 1, null] },
    ],
    [
      "a key called __proto__",
      { properties: { ["__proto__"]: { type: "object" } } },
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
    ["an integer written 5.0", { properties: { n: { type: "integer" } } }, { n: 5.0 }],
    [
      "a type of another language",
      { properties: { n: { type: "float" }, m: { type: "any" } } },
      { n: 1.5, m: [] },
    ],
    ["a reference to nothing", { properties: { n: { $ref: "#/nowhere" } } }, { n: 1 }],
    [
      "a foreign reference",
      { properties: { n: { $ref: "https://example.com/s.json" } } },
      { n: 1 },
    ],
    ["a pattern of another language", { properties: { n: { pattern: "(?i)a\\Z" } } }, { n: "b" }],
    ["unique items that are not", { properties: { n: { uniqueItems: true } } }, { n: [1, 1] }],
    ["no schema at all", {}, { a: 1 }],
    [
      "one missing that has a default",
      { required: ["n"], properties: { n: { type: "integer", default: 1 } } },
      {},
    ],
  ])("%s", (_, schema, value) => {
    expect(problems(schema, value)).toEqual([]);
  });

  test("are checked by references in the way", () => {
    const recursive = {
      properties: { node: { $ref: "#/$defs/node" } },
      $defs: {
        node: {
          type: "object",
          properties: {
            name: { type: "string" },
            children: { type: "array", items: { $ref: "#/$defs/node" } },
          },
        },
      },
    };
    const value = { node: { name: "a", children: [{ name: "b", children: [{ name: 1 }] }] } };
    expect(problems(recursive, value)).toMatchObject([
      { type: "string_type", loc: ["body", "node", "children", 0, "children", 0, "name"] },
    ]);
  });
});

/** What was left out of a schema may only make it take more. */
describe("a schema with a pattern that is not tried", () => {
  const costly = { type: "string", pattern: "^(a+)+$" };
  test.each<[string, JsonValue, JsonValue]>([
    ["under not", { not: costly }, "b"],
    ["in branches of which one is meant", { oneOf: [costly, { type: "string" }] }, "b"],
    ["as a condition", { if: costly, else: { maxLength: 0 } }, "b"],
    ["in names", { patternProperties: { "^(a+)+$": {} }, additionalProperties: false }, { b: 1 }],
  ])("%s refuses nothing", (_, schema, value) => {
    expect(told(schema, value)).toEqual([]);
  });

  test("still refuses what does not fit otherwise", () => {
    expect(told({ oneOf: [costly, { type: "string" }] }, 5)).toMatchObject([
      { type: "string_type" },
    ]);
  });
});

test("leaves very long arguments to the backend", () => {
  const schema = { properties: { x: { type: "integer" } } };
  expect(problems(schema, { x: "a".repeat(60_000) })).toHaveLength(1);
  expect(problems(schema, { x: "a".repeat(70_000) })).toEqual([]);
});

test("changes neither the schema nor what all objects have", () => {
  const schema = JSON.parse(
    '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"integer"}},"$defs":{"__proto__":{}},"__proto__":{"properties":{}}}',
  ) as JsonObject;
  const before = JSON.stringify(schema);
  const value = JSON.parse('{"__proto__":1,"constructor":"x","toString":null}') as JsonObject;
  expect(problems(Object.freeze(schema), value).map(({ loc }) => loc.at(-1))).toEqual([
    "__proto__",
    "constructor",
  ]);
  expect(JSON.stringify(schema)).toBe(before);
  expect({}).not.toHaveProperty("type");
});

test("checks nothing where half a character stands in a name", () => {
  expect(problems({ properties: { "\ud800": { type: "string" } } }, { "\ud800": 1 })).toEqual([]);
});
