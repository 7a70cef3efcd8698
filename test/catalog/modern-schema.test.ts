import { expect, test } from "vitest";
import { modernSchema } from "../../src/catalog/modern-schema.ts";
import type { JsonObject } from "../../src/core/json.ts";

function modern(schema: JsonObject): JsonObject {
  return modernSchema(schema).schema;
}

test("says a tuple of older drafts in today's words", () => {
  expect(modern({ items: [{ type: "string" }], additionalItems: false })).toEqual({
    prefixItems: [{ type: "string" }],
    items: false,
  });
  expect(modern({ items: [] })).toEqual({});
});

test("says a bound that was a flag as a number", () => {
  expect(modern({ minimum: 1, exclusiveMinimum: true, exclusiveMaximum: false })).toEqual({
    minimum: 1,
    exclusiveMinimum: 1,
  });
  expect(modern({ exclusiveMaximum: 5, divisibleBy: 2 })).toEqual({
    exclusiveMaximum: 5,
    multipleOf: 2,
  });
});

test("says OpenAPI's nullable as a type", () => {
  expect(modern({ type: "string", nullable: true })).toEqual({ type: ["string", "null"] });
  expect(modern({ type: "string", enum: ["a"], nullable: true })).toEqual({
    type: ["string", "null"],
    enum: ["a", null],
  });
  expect(modern({ $ref: "#/x", nullable: true, description: "d" })).toEqual({
    description: "d",
    anyOf: [{ $ref: "#/x" }, { type: "null" }],
  });
  expect(modern({ anyOf: [{ type: "string" }], nullable: true })).toEqual({
    anyOf: [{ type: "string" }, { type: "null" }],
  });
  expect(modern({ nullable: false, type: "string" })).toEqual({ type: "string" });
});

test("moves what is required of a property to where its object says so", () => {
  const properties = { a: { type: "string", required: true }, b: { required: false } };
  expect(modern({ properties, required: ["c", "c", 1] })).toMatchObject({ required: ["c", "a"] });
  expect(modern(properties.a)).toEqual({ type: "string" });
});

test("takes the names of types that other languages have", () => {
  expect(modern({ type: "str" })).toEqual({ type: "string" });
  expect(modern({ type: ["int", "None"] })).toEqual({ type: ["integer", "null"] });
  expect(modern({ type: "any" })).toEqual({});
  expect(modern({ type: ["string", "any"] })).toEqual({});
  expect(modernSchema({ type: "datetime" })).toEqual({ schema: {}, lost: ["type"] });
  expect(modern({ type: ["integer", "number"] })).toEqual({ type: "number" });
});

test("splits the dependencies of draft 7", () => {
  expect(modern({ dependencies: { a: ["b"], c: { required: ["d"] } } })).toEqual({
    dependentRequired: { a: ["b"] },
    dependentSchemas: { c: { required: ["d"] } },
  });
});

test("leaves out what no validator would take, and tells what it meant", () => {
  const { schema, lost } = modernSchema({
    minimum: "1",
    maxLength: -1,
    multipleOf: 0,
    enum: [],
    anyOf: [],
    properties: [],
    description: 5,
    title: ["x"],
    required: "a",
    default: 1,
  });
  expect(schema).toEqual({ default: 1 });
  expect(lost).toEqual(["minimum", "maxLength", "multipleOf", "enum", "anyOf", "properties"]);
});

test("shows a pattern of another language without asking anybody to apply it", () => {
  expect(modernSchema({ pattern: "(?P<x>a)" })).toEqual({
    schema: { "x-pattern": "(?P<x>a)" },
    lost: ["pattern"],
  });
  expect(modern({ pattern: "^[a-z]+$" })).toEqual({ pattern: "^[a-z]+$" });
  expect(
    modern({ patternProperties: { "(?P<x>a)": {}, b: {} }, additionalProperties: false }),
  ).toEqual({ patternProperties: { b: {} } });
});

test("keeps words of others, but no reference that hides in them", () => {
  expect(
    modern({
      "x-a": [1],
      enumNames: ["A"],
      "x-b": { $ref: "#/$defs/x" },
      discriminator: { propertyName: "kind" },
      $schema: "s",
      $id: "i",
      default: { $ref: "a value" },
    }),
  ).toEqual({ "x-a": [1], enumNames: ["A"] });
});

test("makes one list of examples", () => {
  expect(modern({ example: 5 })).toEqual({ examples: [5] });
  expect(modern({ examples: [1], example: 5 })).toEqual({ examples: [1] });
  expect(modern({ examples: { a: 1 } })).toEqual({});
});

test("leaves words in the order they were written in", () => {
  const schema = { type: "array", items: {}, description: "d", examples: [], minItems: 1 };
  expect(Object.keys(modern(schema))).toEqual(["type", "items", "description", "minItems"]);
});
