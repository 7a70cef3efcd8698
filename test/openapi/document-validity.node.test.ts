import { expect, test } from "vitest";
import { publishSchema } from "../../src/catalog/schema-publisher.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { checkDocument, checkSchema } from "../support/check-document.ts";
import { describeTools } from "../support/described-tools.ts";
import {
  danglingReferences,
  OPEN_WEBUI_VERSIONS,
  type OpenWebuiTool,
  openWebuiTools,
} from "../support/open-webui-tools.ts";
import { createRandom, createRandomSchemas } from "../support/random-schemas.ts";
import { SCHEMA_ZOO } from "../support/schema-zoo.ts";

function describeSchemas(schemas: Readonly<Record<string, JsonObject>>): Promise<JsonObject> {
  return describeTools({
    tools: Object.fromEntries(
      Object.entries(schemas).map(([name, inputSchema]) => [name, { inputSchema }]),
    ),
  });
}

/** What Open WebUI gives a model for a tool with one argument like this. */
async function seen(property: JsonObject, root: JsonObject = {}): Promise<unknown> {
  const document = await describeSchemas({
    t: { type: "object", properties: { p: property }, ...root },
  });
  await checkDocument(document);
  const [tool] = openWebuiTools(document);
  return tool?.parameters.properties["p"];
}

function named(tools: readonly OpenWebuiTool[], name: string): OpenWebuiTool {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
}

test("is valid OpenAPI whatever the schemas of its tools are", async () => {
  const document = await describeSchemas(SCHEMA_ZOO);
  await checkDocument(document);
  expect(Object.keys(document["paths"] as JsonObject)).toHaveLength(Object.keys(SCHEMA_ZOO).length);
  expect(JSON.stringify(document)).not.toMatch(/"#\/(\$defs|definitions)/);
});

test.each(OPEN_WEBUI_VERSIONS)("gives Open WebUI (%s) every tool of it", async (version) => {
  const tools = openWebuiTools(await describeSchemas(SCHEMA_ZOO), version);
  expect(tools.map(({ name }) => name)).toEqual(Object.keys(SCHEMA_ZOO));
  expect(JSON.stringify(tools)).not.toMatch(/"type":"array"(?![^{}]*"items")(?!.*"items")/);
  expect(named(tools, "root_union").parameters).toMatchObject({
    properties: { a: { type: "string" }, b: { type: "integer" } },
    required: [],
  });
  expect(named(tools, "root_parts").parameters.required).toEqual(["a"]);
  expect(named(tools, "names").parameters.required).toEqual(["__u", "a b"]);
  expect(named(tools, "pydantic").parameters.properties).toMatchObject({
    first: { type: "string", enum: ["red", "green"] },
    second: { type: "string", enum: ["red", "green"] },
    items: { type: "array", items: { type: "object" } },
  });
});

test.each(["forgetful", "once"] as const)(
  "leaves no reference that a model's provider would refuse (%s)",
  async (version) => {
    const tools = openWebuiTools(await describeSchemas(SCHEMA_ZOO), version);
    expect(danglingReferences(tools)).toEqual([]);
  },
);

test("loses nothing of a schema that its backend meant well", async () => {
  const inputSchema = {
    type: "object",
    properties: {
      e: { type: "string", enum: ["red", "green"] },
      n: { type: "integer", minimum: 1, maximum: 3, default: 2 },
      nul: { anyOf: [{ type: "string" }, { type: "null" }] },
      m: { type: "object", additionalProperties: { type: "integer" } },
      r: { $ref: "#/definitions/Q" },
    },
    definitions: { Q: { type: "object", properties: { q: { type: "number" } } } },
  };
  const document = await describeSchemas({ t: inputSchema });
  const { body } = await checkDocument(document);
  const fits = body("/t");
  expect(fits({ e: "red", n: 3, nul: null, m: { a: 1 }, r: { q: 1.5 } })).toBe(true);
  expect(fits({})).toBe(true);
  expect(fits({ e: "purple" })).toBe(false);
  expect(fits({ n: 4 })).toBe(false);
  expect(fits({ nul: 1 })).toBe(false);
  expect(fits({ m: { a: "1" } })).toBe(false);
  expect(fits({ r: { q: "x" } })).toBe(false);
  expect(JSON.stringify(document)).toContain('"default":2');
});

test("checks what is recursive to any depth", async () => {
  const document = await describeSchemas({
    tree: {
      type: "object",
      properties: { root: { $ref: "#/$defs/Node" } },
      $defs: {
        Node: {
          type: "object",
          properties: {
            value: { type: "integer" },
            children: { type: "array", items: { $ref: "#/$defs/Node" } },
          },
        },
      },
    },
  });
  const fits = (await checkDocument(document)).body("/tree");
  const deep = (value: unknown) => ({
    root: { children: [{ children: [{ children: [{ value }] }] }] },
  });
  expect(fits(deep(1))).toBe(true);
  expect(fits(deep("one"))).toBe(false);
});

test("refuses nothing that the schema of the backend takes, whatever it is", async () => {
  const random = createRandomSchemas(createRandom(7));
  let fitting = 0;
  let wider = 0;
  for (let count = 0; count < 150; count += 1) {
    const schema = random.schema();
    const {
      schema: published,
      components,
      warnings,
    } = publishSchema(schema, {
      prefix: "t",
      taken: new Set(),
    });
    // A reference that leads round in a circle says nothing, and breaks validators.
    if (warnings.length > 0) continue;
    const meant = checkSchema(schema);
    const shown = checkSchema({
      ...published,
      components: { schemas: Object.fromEntries(components) },
    });
    for (const value of Array.from({ length: 20 }, random.value)) {
      if (meant(value)) {
        fitting += 1;
        expect([shown(value), schema, value]).toEqual([true, schema, value]);
      } else if (shown(value)) wider += 1;
    }
  }
  expect(fitting).toBeGreaterThan(500);
  // Only where recursion ends in a plain type.
  expect(wider).toBeLessThan(fitting / 50);
});

// The unit cases of mcpo, each as what a model sees of it.

test("process_simple_string_required", async () => {
  const property = { type: "string", description: "A simple string" };
  expect(await seen(property, { required: ["p"] })).toEqual(property);
});

test("process_simple_integer_optional", async () => {
  expect(await seen({ type: "integer", default: 10 })).toEqual({ type: "integer", default: 10 });
});

test("process_simple_boolean_optional_no_default", async () => {
  expect(await seen({ type: "boolean" })).toEqual({ type: "boolean" });
});

test("process_simple_number", async () => {
  expect(await seen({ type: "number" })).toEqual({ type: "number" });
});

test("process_null", async () => {
  expect(await seen({ type: "null" })).toEqual({ type: "null" });
});

test("process_unknown_type", async () => {
  expect(await seen({ type: "datetime", description: "d" })).toMatchObject({ description: "d" });
});

test("process_array_of_strings", async () => {
  const property = { type: "array", items: { type: "string" } };
  expect(await seen(property)).toEqual(property);
});

test("process_array_of_any_missing_items", async () => {
  expect(await seen({ type: "array" })).toHaveProperty("items");
});

test("process_simple_object", async () => {
  const property = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer" } },
    required: ["name"],
  };
  expect(await seen(property)).toEqual(property);
});

test("process_nested_object", async () => {
  const property = {
    type: "object",
    properties: {
      user: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
    },
    required: ["user"],
  };
  expect(await seen(property)).toEqual(property);
});

test("process_array_of_objects", async () => {
  const property = {
    type: "array",
    items: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
  };
  expect(await seen(property)).toEqual(property);
});

test("process_empty_object", async () => {
  expect(await seen({ type: "object", properties: {} })).toEqual({
    type: "object",
    properties: {},
    additionalProperties: true,
  });
});

test("model_caching", async () => {
  const shape = { type: "object", properties: { id: { type: "integer" } } };
  const document = await describeSchemas({
    one: { type: "object", properties: { a: { $ref: "#/$defs/X" } }, $defs: { X: shape } },
    two: {
      type: "object",
      properties: { a: { $ref: "#/$defs/X" } },
      $defs: { X: { ...shape, required: ["id"] } },
    },
  });
  const [one, two] = openWebuiTools(document);
  expect(one?.parameters.properties["a"]).toEqual(shape);
  expect(two?.parameters.properties["a"]).toEqual({ ...shape, required: ["id"] });
});

test("multi_type_property_with_list", async () => {
  const property = { type: ["string", "number"], description: "A property with multiple types" };
  expect(await seen(property)).toEqual(property);
});

test("multi_type_property_with_any_of", async () => {
  const property = {
    description: "A property with multiple types",
    anyOf: [
      { type: "string" },
      { type: "integer" },
      { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
    ],
  };
  expect(await seen(property)).toEqual(property);
});

test("ref_to_parent_node", async () => {
  const item = {
    type: "object",
    properties: {
      name: { type: "string" },
      more: { type: "array", items: { $ref: "#/properties/p/properties/children/items" } },
    },
  };
  expect(
    await seen({ type: "object", properties: { children: { type: "array", items: item } } }),
  ).toMatchObject({
    properties: {
      children: { items: { properties: { name: { type: "string" }, more: { type: "array" } } } },
    },
  });
});
