import { expect, test } from "vitest";
import { publishArguments } from "../../src/catalog/arguments-schema.ts";
import type { JsonObject } from "../../src/core/json.ts";

function body(inputSchema: JsonObject): JsonObject {
  return publishArguments(inputSchema, { prefix: "t", taken: new Set() }).schema;
}

const text = { type: "string" };
const whole = { type: "integer" };

test("is always an object with properties", () => {
  expect(body({})).toEqual({ type: "object", properties: {} });
  for (const schema of [{ type: "object" }, { type: ["object", "null"] }, { properties: {} }]) {
    expect(body(schema)).toEqual({ type: "object", properties: {}, additionalProperties: true });
  }
});

test("looks through a reference at the root", () => {
  const $defs = { Args: { type: "object", properties: { a: text }, required: ["a"] } };
  expect(body({ $ref: "#/$defs/Args", $defs })).toEqual($defs.Args);
});

test("makes one object of parts that only add properties", () => {
  const $defs = { Base: { type: "object", properties: { a: text }, required: ["a"] } };
  expect(
    body({
      $defs,
      allOf: [{ $ref: "#/$defs/Base" }, { properties: { b: whole }, required: ["b"] }],
      properties: { c: text },
      description: "d",
    }),
  ).toEqual({
    type: "object",
    description: "d",
    properties: { c: text, a: text, b: whole },
    required: ["a", "b"],
  });
});

test("keeps parts that say more, and declares what they declare", () => {
  const allOf = [{ type: "object", properties: { a: text }, required: ["a"], maxProperties: 2 }];
  expect(body({ allOf })).toEqual({
    type: "object",
    allOf,
    properties: { a: text },
    required: ["a"],
  });
});

test("declares what alternatives declare, and requires what all of them require", () => {
  const oneOf = [
    {
      type: "object",
      properties: { kind: { type: "string", const: "file" }, path: text },
      required: ["kind", "path"],
    },
    {
      type: "object",
      properties: { kind: { type: "string", const: "row" }, id: whole, path: whole },
      required: ["kind", "id"],
    },
  ];
  expect(body({ oneOf, properties: { why: text } })).toEqual({
    type: "object",
    oneOf,
    properties: {
      why: text,
      kind: { type: "string", enum: ["file", "row"] },
      path: { anyOf: [text, whole] },
      id: whole,
    },
    required: ["kind"],
  });
});

test("keeps alternatives that only say what is required", () => {
  const anyOf = [{ required: ["a"] }, { required: ["b"] }];
  expect(body({ type: "object", properties: { a: text, b: text }, anyOf })).toEqual({
    type: "object",
    properties: { a: text, b: text },
    anyOf,
  });
});

test("declares what is declared under a condition", () => {
  expect(
    body({
      type: "object",
      properties: { a: text },
      if: { required: ["a"] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { properties: { b: text }, required: ["b"] },
      else: { properties: { c: whole } },
      dependentSchemas: { a: { properties: { d: text } } },
    }),
  ).toMatchObject({ properties: { a: text, b: text, c: whole, d: text } });
});

test("declares a name that is only required", () => {
  expect(body({ type: "object", required: ["a"] })).toEqual({
    type: "object",
    properties: { a: {} },
    required: ["a"],
    additionalProperties: true,
  });
});

test("gives a free-form tool one argument for all", () => {
  const all = {
    type: "object",
    description: "The arguments, by their names. They may also be given at the top level.",
  };
  expect(body({ type: "object", additionalProperties: true })).toEqual({
    type: "object",
    additionalProperties: true,
    properties: { arguments: { ...all, additionalProperties: true } },
  });
  expect(
    body({ type: "object", properties: {}, additionalProperties: whole, minProperties: 1 }),
  ).toEqual({
    type: "object",
    additionalProperties: whole,
    properties: { arguments: { ...all, additionalProperties: whole } },
  });
});

test("gives none to a tool that takes no arguments", () => {
  for (const schema of [
    { type: "object" },
    { type: "object", properties: {} },
    { type: "object", additionalProperties: false },
  ]) {
    expect(body(schema)["properties"]).toEqual({});
  }
});
