import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { callRest, documentOf, type OpenapiDocument, propertyIn } from "../support/mcpo-shop.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import { configure } from "../support/worker.ts";

/**
 * mcpo's own unit tests of schemas (their names without `test_`), each as a request and its answer:
 * what the document says of the argument, a body that reaches the backend as it was sent, and one
 * that is refused. Its tests of config files stand beside those of ours.
 */
type Case = Readonly<{
  named: string;
  properties: JsonObject;
  required?: readonly string[];
  /** Of the first property, as the document has it. */
  documented: JsonObject;
  arrives: JsonObject;
  /** Refused, and where. */
  refused?: Readonly<{ body: JsonObject; at: readonly (string | number)[] }>;
}>;

const TEXT = { type: "string" };
const PERSON = {
  type: "object",
  properties: { name: TEXT, age: { type: "integer" } },
  required: ["name"],
};

const CASES: readonly Case[] = [
  {
    named: "process_simple_string_required",
    properties: { name: { type: "string", description: "A name" } },
    required: ["name"],
    documented: { type: "string", description: "A name" },
    arrives: { name: "Ann" },
    refused: { body: {}, at: ["body", "name"] },
  },
  {
    named: "process_simple_integer_optional",
    properties: { age: { type: "integer", default: 10 } },
    documented: { type: "integer", default: 10 },
    arrives: {},
    refused: { body: { age: "old" }, at: ["body", "age"] },
  },
  {
    named: "process_simple_boolean_optional_no_default",
    properties: { active: { type: "boolean" } },
    documented: { type: "boolean" },
    arrives: {},
    refused: { body: { active: "maybe" }, at: ["body", "active"] },
  },
  {
    named: "process_simple_number",
    properties: { price: { type: "number" } },
    documented: { type: "number" },
    arrives: { price: 1.25 },
    refused: { body: { price: "dear" }, at: ["body", "price"] },
  },
  {
    named: "process_null",
    properties: { nothing: { type: "null" } },
    documented: { type: "null" },
    arrives: { nothing: null },
    refused: { body: { nothing: 0 }, at: ["body", "nothing"] },
  },
  {
    named: "process_unknown_type",
    properties: { odd: { type: "surprise" } },
    documented: {},
    arrives: { odd: { any: ["thing"] } },
  },
  {
    named: "process_array_of_strings",
    properties: { tags: { type: "array", items: TEXT } },
    documented: { type: "array", items: TEXT },
    arrives: { tags: ["a", "b"] },
    refused: { body: { tags: ["a", 1] }, at: ["body", "tags", 1] },
  },
  {
    named: "process_array_of_any_missing_items",
    properties: { list: { type: "array" } },
    documented: { type: "array", items: {} },
    arrives: { list: ["a", 1, null] },
    refused: { body: { list: "a" }, at: ["body", "list"] },
  },
  {
    named: "process_simple_object",
    properties: { person: PERSON },
    documented: PERSON,
    arrives: { person: { name: "Ann" } },
    refused: { body: { person: { age: 3 } }, at: ["body", "person", "name"] },
  },
  {
    named: "process_nested_object",
    properties: {
      order: { type: "object", properties: { buyer: PERSON }, required: ["buyer"] },
    },
    documented: { type: "object", properties: { buyer: PERSON }, required: ["buyer"] },
    arrives: { order: { buyer: { name: "Ann", age: 3 } } },
    refused: { body: { order: { buyer: {} } }, at: ["body", "order", "buyer", "name"] },
  },
  {
    named: "process_array_of_objects",
    properties: { people: { type: "array", items: PERSON } },
    documented: { type: "array", items: PERSON },
    arrives: { people: [{ name: "Ann" }, { name: "Bob" }] },
    refused: { body: { people: [{ name: "Ann" }, {}] }, at: ["body", "people", 1, "name"] },
  },
  {
    named: "process_empty_object",
    properties: { options: { type: "object", properties: {} } },
    documented: { type: "object", properties: {}, additionalProperties: true },
    arrives: { options: { any: "key", at: { all: true } } },
    refused: { body: { options: [] }, at: ["body", "options"] },
  },
  {
    named: "model_caching",
    properties: { first: PERSON, second: PERSON },
    documented: PERSON,
    arrives: { first: { name: "Ann" }, second: { name: "Bob" } },
    refused: { body: { first: { name: "Ann" }, second: {} }, at: ["body", "second", "name"] },
  },
  {
    named: "multi_type_property_with_list",
    properties: { value: { type: ["string", "number"], description: "Either" } },
    documented: { type: ["string", "number"], description: "Either" },
    arrives: { value: 5 },
    refused: { body: { value: [] }, at: ["body", "value"] },
  },
  {
    named: "multi_type_property_with_any_of",
    properties: {
      value: { anyOf: [TEXT, { type: "number" }, PERSON], description: "One of three" },
    },
    documented: { anyOf: [TEXT, { type: "number" }, PERSON], description: "One of three" },
    arrives: { value: { name: "Ann" } },
    refused: { body: { value: true }, at: ["body", "value"] },
  },
  {
    named: "ref_to_parent_node",
    properties: {
      data: {
        type: "object",
        properties: {
          children: {
            type: "array",
            items: {
              type: "object",
              properties: {
                label: TEXT,
                children: {
                  type: "array",
                  items: { $ref: "#/properties/data/properties/children/items" },
                },
              },
            },
          },
        },
      },
    },
    documented: {
      type: "object",
      properties: { children: expect.objectContaining({ type: "array" }) as JsonObject },
    },
    arrives: { data: { children: [{ label: "a", children: [{ label: "b", children: [] }] }] } },
    refused: {
      body: { data: { children: [{ children: [{ label: 7 }] }] } },
      at: ["body", "data", "children", 0, "children", 0, "label"],
    },
  },
];

let backend: Scripted;
let document: OpenapiDocument;

beforeAll(async () => {
  const tools = CASES.map(({ named, properties, required }) => ({
    name: named,
    inputSchema: { type: "object", properties, ...(required === undefined ? {} : { required }) },
  }));
  backend = await scripted({
    "tools/list": { tools },
    "tools/call": { content: [{ type: "text", text: "ok" }] },
  });
  await configure({ mcpServers: { cases: { url: backend.url } } });
  document = await documentOf("/cases/openapi.json");
});
afterAll(() => configure({ mcpServers: {} }));

test.each(CASES)("$named: tells what the argument is", ({ named, properties, documented }) => {
  const [name = ""] = Object.keys(properties);
  expect(propertyIn(document, named, name)).toEqual(documented);
});

test.each(CASES)("$named: passes on what fits", async ({ named, arrives }) => {
  expect((await callRest(`/cases/${named}`, arrives)).status).toBe(200);
  const call = (await backend.arrived()).findLast(
    ({ message }) => message?.method === "tools/call",
  );
  expect(call?.message?.params).toMatchObject({ name: named, arguments: arrives });
});

const REFUSED = CASES.flatMap(({ named, refused }) =>
  refused === undefined ? [] : [{ named, ...refused }],
);

test.each(REFUSED)("$named: refuses what does not", async ({ named, body, at }) => {
  const response = await callRest(`/cases/${named}`, body);
  expect(response.status).toBe(422);
  const { detail } = (await response.json()) as { detail: { loc: unknown[] }[] };
  expect(detail.map(({ loc }) => loc)).toContainEqual(at);
});
