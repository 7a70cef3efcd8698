import type { JsonObject } from "../../src/core/json.ts";

/** Schemas as servers send them, well meant and not. */
export const SCHEMA_ZOO: Readonly<Record<string, JsonObject>> = {
  nothing: {},
  flat: { type: "object" },
  python_no_arguments: { type: "object", properties: {}, title: "fooArguments" },
  closed: { type: "object", additionalProperties: false },
  free_form: { type: "object", additionalProperties: true },
  typed_free_form: { type: "object", properties: {}, additionalProperties: { type: "integer" } },
  root_list: { type: "array", items: { type: "string" } },
  root_flags: { type: "object", properties: { a: true, b: false } },
  pydantic: {
    $defs: {
      Colour: { enum: ["red", "green"], title: "Colour", type: "string" },
      Item: {
        properties: {
          colour: { $ref: "#/$defs/Colour", default: "red" },
          parent: { anyOf: [{ $ref: "#/$defs/Item" }, { type: "null" }], default: null },
        },
        title: "Item",
        type: "object",
      },
      Cat: { type: "object", properties: { kind: { const: "cat" } }, required: ["kind"] },
      Dog: { type: "object", properties: { kind: { const: "dog" } }, required: ["kind"] },
    },
    properties: {
      items: { items: { $ref: "#/$defs/Item" }, title: "Items", type: "array" },
      first: { $ref: "#/$defs/Colour" },
      second: { $ref: "#/$defs/Colour" },
      pet: {
        discriminator: {
          mapping: { cat: "#/$defs/Cat", dog: "#/$defs/Dog" },
          propertyName: "kind",
        },
        oneOf: [{ $ref: "#/$defs/Cat" }, { $ref: "#/$defs/Dog" }],
      },
    },
    required: ["items"],
    title: "fooArguments",
    type: "object",
  },
  json_value: {
    $defs: {
      JsonValue: {
        anyOf: [
          { type: "string" },
          { type: "null" },
          { type: "array", items: { $ref: "#/$defs/JsonValue" } },
          { type: "object", additionalProperties: { $ref: "#/$defs/JsonValue" } },
        ],
      },
    },
    type: "object",
    properties: { value: { $ref: "#/$defs/JsonValue" } },
  },
  draft_4: {
    $schema: "http://json-schema.org/draft-04/schema#",
    id: "http://example.com/draft-4",
    type: "object",
    properties: {
      n: { type: "integer", minimum: 0, exclusiveMinimum: true },
      pair: { type: "array", items: [{ type: "string" }, { type: "integer" }] },
      who: { type: "string", required: true },
      maybe: { type: "string", nullable: true },
      what: { type: "any" },
    },
  },
  mutual: {
    definitions: {
      A: { type: "object", properties: { b: { $ref: "#/definitions/B" } } },
      B: { type: "object", properties: { a: { $ref: "#/definitions/A" } } },
    },
    type: "object",
    properties: { a: { $ref: "#/definitions/A" }, b: { $ref: "#/definitions/B" } },
  },
  self: { type: "object", properties: { again: { $ref: "#" }, list: { items: { $ref: "#" } } } },
  root_reference: {
    $ref: "#/definitions/Args",
    definitions: { Args: { type: "object", properties: { a: { type: "string" } } } },
  },
  root_union: {
    oneOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { type: "object", properties: { b: { type: "integer" } }, required: ["b"] },
    ],
  },
  root_parts: {
    allOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { properties: { b: { type: "integer" } } },
    ],
  },
  broken: {
    type: "object",
    properties: {
      gone: { $ref: "#/$defs/Gone", description: "kept" },
      outside: { $ref: "https://example.com/x.json" },
      number: { $ref: 5 },
      loop: { $ref: "#/$defs/Loop" },
      list: { type: "array", items: "string" },
      pattern: { type: "string", pattern: "(?P<x>[" },
      bounds: { type: "integer", minimum: "1", enum: "many" },
      python: { type: "dict" },
      odd: { type: ["string", 7], anyOf: "x" },
    },
    required: "gone",
    $defs: { Loop: { $ref: "#/$defs/Loop" } },
  },
  names: {
    type: "object",
    properties: Object.fromEntries(
      ["__u", "model_config", "a b", "ä", "properties", "constructor"].map((name) => [
        name,
        { type: "string", enum: [name] },
      ]),
    ),
    required: ["__u", "a b"],
  },
};
