import { expect, test } from "vitest";
import { publishSchema } from "../../src/catalog/schema-publisher.ts";
import type { JsonObject } from "../../src/core/json.ts";

function publish(schema: JsonObject, taken = new Set<string>()) {
  const { schema: published, components, warnings } = publishSchema(schema, { prefix: "t", taken });
  return { schema: published, components: Object.fromEntries(components), warnings };
}

/** One property, published, with what stands beside `properties` at the root. */
function property(schema: JsonObject, root: JsonObject = {}): unknown {
  const { properties } = publish({ type: "object", properties: { p: schema }, ...root }).schema;
  return (properties as JsonObject)["p"];
}

test("takes over every keyword as it stands", () => {
  const schema = {
    type: "object",
    title: "T",
    description: "d",
    $comment: "c",
    properties: {
      e: { type: "string", enum: ["red", "green"], deprecated: true, examples: ["red"] },
      c: { type: "string", const: "x", readOnly: true },
      n: { type: "integer", minimum: 1, exclusiveMaximum: 3, multipleOf: 1, default: 2 },
      s: { type: ["string", "null"], pattern: "^a", format: "date", minLength: 1, maxLength: 9 },
      m: { type: "object", additionalProperties: { type: "integer" }, minProperties: 1 },
      l: { type: "array", prefixItems: [{ type: "string" }], items: false, uniqueItems: true },
      o: { type: "string", oneOf: [{ type: "string", minLength: 1 }, { type: "string" }] },
      a: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      x: { type: "string", "x-widget": { kind: "area" }, markdownDescription: "*d*" },
    },
    patternProperties: { "^x-": { type: "string" } },
    propertyNames: { maxLength: 20 },
    dependentRequired: { e: ["c"] },
    dependentSchemas: { n: { required: ["s"] } },
    required: ["e"],
    additionalProperties: false,
    if: { required: ["n"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: ["m"] },
    else: { not: { required: ["l"] } },
  };
  expect(publish(schema)).toEqual({ schema, components: {}, warnings: [] });
});

test("puts in what references point to, wherever it is", () => {
  const q = { type: "string", enum: ["a"] };
  expect(property({ $ref: "#/$defs/Q" }, { $defs: { Q: q } })).toEqual(q);
  expect(property({ $ref: "#/definitions/Q" }, { definitions: { Q: q } })).toEqual(q);
  expect(property({ $ref: "#here" }, { $defs: { Q: { $anchor: "here", ...q } } })).toEqual(q);
  expect(property({ $ref: "q.json" }, { $defs: { Q: { $id: "q.json", ...q } } })).toEqual(q);
  expect(property({ $dynamicRef: "#d" }, { $defs: { Q: { $dynamicAnchor: "d", ...q } } })).toEqual(
    q,
  );
  expect(
    property({ properties: { a: q, b: { $ref: "#/properties/p/properties/a" } } }),
  ).toMatchObject({ properties: { b: q } });
});

test("puts in the same schema as often as it is used", () => {
  const { schema, components } = publish({
    properties: { a: { $ref: "#/$defs/Q" }, b: { $ref: "#/$defs/Q", description: "the second" } },
    $defs: { Q: { type: "integer", description: "the first", minimum: 1 } },
  });
  expect(schema["properties"]).toEqual({
    a: { type: "integer", description: "the first", minimum: 1 },
    b: { type: "integer", description: "the second", minimum: 1 },
  });
  expect(components).toEqual({});
});

test("keeps both where a reference and what stands beside it say different things", () => {
  const $defs = { Q: { type: "object", properties: { a: { type: "string" } } } };
  expect(property({ $ref: "#/$defs/Q", additionalProperties: false }, { $defs })).toEqual({
    type: "object",
    additionalProperties: false,
    allOf: [$defs.Q],
  });
});

test("names what leads back to itself, in a way that Open WebUI does not follow", () => {
  const { schema, components, warnings } = publish({
    type: "object",
    properties: { tree: { $ref: "#/$defs/Node" } },
    $defs: {
      Node: {
        type: "object",
        properties: {
          value: { type: "integer" },
          children: { type: "array", items: { $ref: "#/$defs/Node" } },
        },
      },
    },
  });
  const node = {
    type: "object",
    properties: {
      value: { type: "integer" },
      children: { type: "array", items: { $ref: "#/components/schemas/t%5FNode" } },
    },
  };
  expect(schema["properties"]).toEqual({ tree: node });
  expect(components).toEqual({ t_Node: node });
  expect(warnings).toEqual([]);
});

test("names what a pointer leads back to", () => {
  const { schema, components } = publish({
    type: "object",
    properties: {
      data: {
        type: "object",
        properties: {
          children: {
            type: "array",
            items: {
              type: "object",
              properties: { more: { $ref: "#/properties/data/properties/children/items" } },
            },
          },
        },
      },
      whole: { $ref: "#" },
    },
  });
  expect(Object.keys(components).toSorted()).toEqual(["t_data_children_items", "t_self"]);
  expect(JSON.stringify(schema)).toContain('{"$ref":"#/components/schemas/t%5Fself"}');
});

test("ends in the plain type where Open WebUI would leave a reference to nowhere", () => {
  const $defs = {
    Value: {
      anyOf: [
        { type: "string" },
        { type: "object", additionalProperties: { $ref: "#/$defs/Value" } },
        { type: "array", prefixItems: [{ $ref: "#/$defs/List" }] },
      ],
    },
    List: { type: "array", description: "a list", items: { $ref: "#/$defs/Value" } },
  };
  expect(property({ $ref: "#/$defs/Value" }, { $defs })).toEqual({
    anyOf: [
      { type: "string" },
      { type: "object", additionalProperties: true },
      {
        type: "array",
        prefixItems: [{ type: "array", description: "a list", items: {} }],
        items: {},
      },
    ],
  });
});

test("leaves out what would refuse too much, once it is wider than it was", () => {
  const $defs = {
    Node: {
      type: "object",
      properties: {
        next: { not: { $ref: "#/$defs/Node" } },
        one: { oneOf: [{ $ref: "#/gone" }, { type: "string" }] },
      },
    },
  };
  expect(property({ $ref: "#/$defs/Node" }, { $defs })).toEqual({
    type: "object",
    properties: { next: {}, one: { anyOf: [{}, { type: "string" }] } },
  });
});

test("makes a component of what is big", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [
      `key${n}`,
      { type: "string", description: "x".repeat(40) },
    ]),
  );
  const Big = { type: "object", properties };
  const { schema, components } = publish({
    type: "object",
    properties: { a: { $ref: "#/$defs/Big" }, b: { $ref: "#/$defs/Big", description: "again" } },
    $defs: { Big },
  });
  expect(schema["properties"]).toEqual({
    a: { $ref: "#/components/schemas/t_Big" },
    b: { $ref: "#/components/schemas/t_Big", description: "again" },
  });
  expect(components).toEqual({ t_Big: Big });
});

test("names components in letters they may have, each once in the document", () => {
  const schema = (name: string): JsonObject => ({
    properties: { a: { $ref: `#/$defs/${name}` } },
    $defs: { [name]: { properties: { a: { $ref: `#/$defs/${name}` } } } },
  });
  const taken = new Set<string>();
  const names = ["Ünï<b>", "N", "N"].flatMap((name) =>
    Object.keys(publish(schema(name), taken).components),
  );
  expect(names).toEqual(["t__n_b_", "t_N", "t_N_2"]);
});

test("keeps a tool whose references lead nowhere, and says so", () => {
  for (const $ref of ["#/$defs/gone", "https://example.com/x.json", "#/properties/p", "nonsense"]) {
    const { schema, warnings } = publish({
      type: "object",
      properties: { p: { $ref, description: "kept" } },
    });
    expect(schema).toEqual({ type: "object", properties: { p: { description: "kept" } } });
    expect(warnings).toEqual([`the reference "${$ref}" leads nowhere`]);
  }
});

test("does not go round where references only lead to each other", () => {
  const $defs = {
    A: { $ref: "#/$defs/B" },
    B: { allOf: [{ $ref: "#/$defs/A" }] },
    C: { anyOf: [{ $ref: "#/$defs/C" }, { type: "string" }] },
  };
  expect(property({ $ref: "#/$defs/A" }, { $defs })).toEqual({ allOf: [{}] });
  expect(property({ $ref: "#/$defs/C" }, { $defs })).toEqual({ anyOf: [{}, { type: "string" }] });
});

test("has a type and items where readers look for them", () => {
  expect(property({ enum: ["a", "b"] })).toEqual({ type: "string", enum: ["a", "b"] });
  expect(property({ const: 1 })).toEqual({ type: "integer", const: 1 });
  expect(property({ enum: [1, 1.5, null] })).toMatchObject({ type: ["number", "null"] });
  expect(property({ oneOf: [{ const: "a" }, { const: "b" }] })).toMatchObject({ type: "string" });
  expect(property({ allOf: [{ minLength: 1 }, { type: "string" }] })).toMatchObject({
    type: "string",
  });
  expect(property({ properties: { a: {} } })).toMatchObject({ type: "object" });
  expect(property({ type: "array" })).toEqual({ type: "array", items: {} });
  expect(property({ type: ["array", "null"] })).toMatchObject({ items: {} });
  expect(property({ type: "object" })).toEqual({ type: "object", additionalProperties: true });
  expect(property({ type: "object", properties: { a: {} } })).not.toHaveProperty(
    "additionalProperties",
  );
  expect(property({})).toEqual({});
});

test("has no schema that is a mere flag where one would not be read", () => {
  expect(
    publish({ properties: { a: true, b: false }, anyOf: [true], additionalProperties: true })
      .schema,
  ).toEqual({
    type: "object",
    properties: { a: {}, b: { not: {} } },
    anyOf: [{}],
    additionalProperties: true,
  });
  expect(property({ type: "array", items: true })).toEqual({ type: "array", items: {} });
});

test("takes names of JavaScript for names", () => {
  const schema = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"$ref":"#/$defs/__proto__"},"constructor":{"type":"string"},"$ref":{"type":"string"}},"$defs":{"__proto__":{"type":"integer"}}}',
  ) as JsonObject;
  expect(JSON.stringify(publish(schema).schema)).toBe(
    '{"type":"object","properties":{"__proto__":{"type":"integer"},"constructor":{"type":"string"},"$ref":{"type":"string"}}}',
  );
});

test("stays small whatever references multiply", () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, n) => [
      `D${n}`,
      {
        type: "object",
        properties: { a: { $ref: `#/$defs/D${n + 1}` }, b: { $ref: `#/$defs/D${n + 1}` } },
      },
    ]),
  );
  const { schema, components, warnings } = publish({
    properties: { p: { $ref: "#/$defs/D0" } },
    $defs,
  });
  expect(JSON.stringify(schema).length).toBeLessThan(10_000);
  expect(JSON.stringify(components).length).toBeLessThan(600_000);
  expect(warnings).toEqual(['the reference "#/$defs/D2000" leads nowhere']);
});

test("stays small where everything leads back to everything", () => {
  let nested: JsonObject = { type: "string", description: "x".repeat(100_000) };
  let pointer = "#";
  const back: JsonObject[] = [];
  for (let depth = 0; depth < 60; depth += 1) {
    back.push({ $ref: pointer });
    pointer += "/properties/n";
  }
  nested = { properties: { end: nested, back: { anyOf: back } } };
  for (let depth = 0; depth < 60; depth += 1) nested = { properties: { n: nested } };
  const { schema, components, warnings } = publish(nested);
  expect(JSON.stringify([schema, components]).length).toBeLessThan(2_000_000);
  expect(warnings).toContain("it refers to itself in too many places");
});

test("does not fall over what is nested without end", () => {
  let nested: JsonObject = { type: "string" };
  for (let depth = 0; depth < 5_000; depth += 1) nested = { type: "array", items: nested };
  const { schema, warnings } = publish({ properties: { nested } });
  expect(JSON.stringify(schema).length).toBeLessThan(10_000);
  expect(warnings).toEqual(["it is nested deeper than 128 levels"]);
});
