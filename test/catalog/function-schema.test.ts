import { expect, test } from "vitest";
import { functionParameters } from "../../src/catalog/function-schema.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";

/** The projection of one property. */
function property(schema: JsonObject, root: JsonObject = {}): unknown {
  const { properties } = functionParameters({ type: "object", properties: { p: schema }, ...root });
  return isJsonObject(properties) ? properties["p"] : undefined;
}

test("always has an object with properties at the root", () => {
  expect(functionParameters({})).toEqual({ type: "object", properties: {} });
  expect(functionParameters({ type: "object" })).toEqual({ type: "object", properties: {} });
  expect(functionParameters({ $schema: "x", type: ["object", "null"] })).toEqual({
    type: "object",
    properties: {},
  });
});

test("keeps what every consumer understands", () => {
  const schema = {
    type: "object",
    properties: {
      e: { type: "string", enum: ["red", "green"], description: "colour" },
      n: { type: "integer", minimum: 1, maximum: 3, default: 2 },
      m: { type: "object", additionalProperties: { type: "integer" } },
      l: { type: "array", items: { type: "string", format: "date" }, minItems: 1 },
    },
    required: ["e"],
    additionalProperties: false,
  };
  expect(functionParameters(schema)).toEqual(schema);
});

test("turns a type list with null into one nullable type", () => {
  expect(property({ type: ["string", "null"], minLength: 1 })).toEqual({
    type: "string",
    minLength: 1,
    nullable: true,
  });
  expect(property({ type: ["string", "null"], enum: ["a", null] })).toEqual({
    type: "string",
    enum: ["a"],
    nullable: true,
  });
});

test("turns other type lists into alternatives, each with its own keywords", () => {
  expect(
    property({
      type: ["string", "array"],
      description: "d",
      items: { type: "string" },
      maxLength: 9,
    }),
  ).toEqual({
    description: "d",
    anyOf: [
      { type: "string", maxLength: 9 },
      { type: "array", items: { type: "string" } },
    ],
  });
});

test("turns alternatives with null into one nullable schema", () => {
  expect(property({ anyOf: [{ type: "string" }, { type: "null" }], default: null })).toEqual({
    type: "string",
    default: null,
    nullable: true,
  });
  expect(
    property({ oneOf: [{ type: "null" }, { type: "array", items: { type: "number" } }] }),
  ).toEqual({
    type: "array",
    items: { type: "number" },
    nullable: true,
  });
});

test("keeps real alternatives, under the one keyword consumers know", () => {
  const branches = [{ type: "string" }, { type: "integer" }];
  expect(property({ oneOf: branches, title: "Either" })).toEqual({
    title: "Either",
    anyOf: branches,
  });
});

test("leaves out an alternative nothing can match", () => {
  expect(property({ anyOf: [{ not: {} }, { type: "boolean" }] })).toEqual({ type: "boolean" });
});

test("turns both spellings of a tuple into items of any member and tells their order", () => {
  const members = [{ type: "string" }, { type: "integer" }];
  const projected = {
    type: "array",
    description: "A pair\nItems in this order: string, integer",
    items: { anyOf: members },
    maxItems: 2,
  };
  expect(
    property({ type: "array", description: "A pair", items: members, additionalItems: false }),
  ).toEqual(projected);
  expect(
    property({ type: "array", description: "A pair", prefixItems: members, items: false }),
  ).toEqual(projected);
});

test("gives an array without items some", () => {
  expect(property({ type: "array" })).toEqual({ type: "array", items: {} });
});

test("puts the target in the place of a reference, in either spelling of definitions", () => {
  const colour = { type: "string", enum: ["red"] };
  expect(property({ $ref: "#/$defs/colour" }, { $defs: { colour } })).toEqual(colour);
  expect(
    property(
      { $ref: "#/definitions/a~1b", description: "own" },
      { definitions: { "a/b": colour } },
    ),
  ).toEqual({ ...colour, description: "own" });
  expect(property({ $ref: "https://example.com/x.json", description: "far" })).toEqual({
    description: "far",
  });
});

test("ends a recursive reference with its type", () => {
  const node = {
    type: "object",
    properties: { next: { $ref: "#/$defs/node" } },
  };
  expect(property({ $ref: "#/$defs/node" }, { $defs: { node } })).toEqual({
    type: "object",
    properties: { next: { type: "object" } },
  });
});

test("does not grow without bound when references multiply", () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 30 }, (_, level) => [
      `d${level}`,
      {
        type: "object",
        properties: { a: { $ref: `#/$defs/d${level + 1}` }, b: { $ref: `#/$defs/d${level + 1}` } },
      },
    ]),
  );
  const text = JSON.stringify(functionParameters({ $ref: "#/$defs/d0", $defs }));
  expect(text.length).toBeLessThan(1_000_000);
});

test("survives hostile nesting", () => {
  let schema: JsonObject = { type: "string" };
  for (let depth = 0; depth < 2_000; depth += 1) schema = { type: "array", items: schema };
  expect(JSON.stringify(property(schema)).length).toBeLessThan(2_000);
});

test("merges what must hold together", () => {
  expect(
    functionParameters({
      allOf: [
        { properties: { a: { type: "string" } }, required: ["a"] },
        { properties: { b: { type: "number" } }, required: ["b"] },
      ],
      properties: { c: { type: "boolean" } },
    }),
  ).toEqual({
    type: "object",
    properties: { a: { type: "string" }, b: { type: "number" }, c: { type: "boolean" } },
    required: ["a", "b"],
  });
});

test("makes one object of alternatives at the root", () => {
  expect(
    functionParameters({
      type: "object",
      anyOf: [
        { properties: { id: { type: "integer" }, by: { type: "string" } }, required: ["id", "by"] },
        { properties: { name: { type: "string" } }, required: ["name", "by"] },
      ],
    }),
  ).toEqual({
    type: "object",
    properties: {
      id: { type: "integer" },
      by: { type: "string" },
      name: { type: "string" },
    },
    required: ["by"],
  });
});

test("writes a constant as an enum and leaves unknown keywords out", () => {
  expect(property({ const: "x", $comment: "c", "x-vendor": 1, not: { type: "null" } })).toEqual({
    enum: ["x"],
  });
});

test("declares a required name that is not declared", () => {
  expect(functionParameters({ type: "object", required: ["a"] })).toEqual({
    type: "object",
    properties: { a: {} },
    required: ["a"],
  });
});

test("does not refuse what a dropped pattern allowed", () => {
  expect(
    property({ type: "object", patternProperties: { "^x": {} }, additionalProperties: false }),
  ).toEqual({ type: "object", additionalProperties: true });
});

test("projects its own result to itself", () => {
  const schema = {
    properties: {
      a: { type: ["string", "integer", "null"] },
      b: { anyOf: [{ type: "string" }, { type: "null" }] },
      c: { type: "array", prefixItems: [{ type: "string" }] },
    },
  };
  const once = functionParameters(schema);
  expect(functionParameters(once)).toEqual(once);
});

test("follows no chain of references without end", () => {
  const links = Array.from({ length: 50_000 }, (_, link) => [
    `d${link}`,
    { $ref: `#/$defs/d${link + 1}` },
  ]);
  const $defs: JsonObject = Object.fromEntries(links);
  expect(property({ $ref: "#/$defs/d0" }, { $defs })).toEqual({});
});
