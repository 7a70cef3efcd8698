import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { passed, refusal } from "../support/rest-arguments.ts";

/**
 * What mcpo 0.0.20 makes of arguments, row by row: what we send on by default and where its way is
 * asked for. `422` and the place for what is refused.
 */
type Row = [name: string, schema: JsonObject, body: string | null, sent: string, compat?: string];

const NUMBER = { properties: { n: { type: "integer", default: 2 } } };
const COLOUR = { properties: { e: { type: "string", enum: ["red", "green"] } } };
const NESTED = {
  properties: { obj: { type: "object", properties: { a: { type: "string" } } } },
};
const UNION = { properties: { v: { type: ["string", "number"] } } };
const TREE = {
  properties: {
    data: {
      type: "object",
      properties: {
        children: {
          type: "array",
          items: {
            type: "object",
            properties: {
              name: { type: "string" },
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
};
const DEFINED = {
  properties: { q: { $ref: "#/definitions/Q" } },
  definitions: { Q: { type: "integer" } },
};

const ROWS: readonly Row[] = [
  ["C34 a tool without arguments takes no body", { type: "object" }, null, "{}"],
  ["C34 and an empty object", { type: "object" }, "{}", "{}"],
  ["C35 a free-form tool gets its arguments", { additionalProperties: true }, '{"x":1}', '{"x":1}'],
  ["C41 either of two types", UNION, '{"v":1.5}', '{"v":1.5}'],
  ["C41 none of two types", UNION, '{"v":[]}', "422 v"],
  [
    "C41 a reference into the properties",
    TREE,
    '{"data":{"children":[{"children":[{"name":"a"}]}]}}',
    '{"data":{"children":[{"children":[{"name":"a"}]}]}}',
  ],
  [
    "C41 and what does not fit it",
    TREE,
    '{"data":{"children":[{"children":[{"name":1}]}]}}',
    "422 data children 0 children 0 name",
  ],
  ["C42 a default is left to the backend", NUMBER, "{}", "{}"],
  ["C43 a value outside the enum", COLOUR, '{"e":"purple"}', "422 e"],
  ["C43 a number outside its bounds", { properties: { n: { maximum: 3 } } }, '{"n":4}', "422 n"],
  [
    "C43 a text that misses its pattern",
    { properties: { s: { pattern: "^a" } } },
    '{"s":"b"}',
    "422 s",
  ],
  [
    "C43 none of oneOf",
    { properties: { s: { oneOf: [{ const: 1 }, { const: 2 }] } } },
    '{"s":3}',
    "422 s",
  ],
  [
    "C44 keys beside the declared ones",
    NESTED,
    '{"obj":{"a":"1","extra":2},"more":3}',
    '{"obj":{"a":"1","extra":2},"more":3}',
  ],
  [
    "C45 a null that is allowed",
    { properties: { a: { type: ["string", "null"] } } },
    '{"a":null}',
    '{"a":null}',
  ],
  [
    "C45 a null that is not",
    { properties: { a: { type: "string" } } },
    '{"a":null}',
    "422 a",
    "{}",
  ],
  ["C46 an integer as a text", NUMBER, '{"n":"5"}', "422 n", '{"n":5}'],
  [
    "C46 a boolean as a word",
    { properties: { b: { type: "boolean" } } },
    '{"b":"yes"}',
    "422 b",
    '{"b":true}',
  ],
  [
    "C46 a number as a text",
    { properties: { x: { type: "number" } } },
    '{"x":"1.5"}',
    "422 x",
    '{"x":1.5}',
  ],
  ["C46 a fraction for an integer", NUMBER, '{"n":5.5}', "422 n"],
  ["C47 a reference to definitions", DEFINED, '{"q":1}', '{"q":1}'],
  ["C47 and what does not fit it", DEFINED, '{"q":"x"}', "422 q"],
  [
    "C47 a reference to nothing",
    { properties: { q: { $ref: "#/nowhere" } } },
    '{"q":1}',
    '{"q":1}',
  ],
  [
    "C48 names that begin with a line",
    { properties: { __u: { type: "integer" } } },
    '{"__u":1}',
    '{"__u":1}',
  ],
  [
    "C48 a name of pydantic's own",
    { properties: { model_config: {} } },
    '{"model_config":1}',
    '{"model_config":1}',
  ],
  [
    "C49 alternatives at the root",
    { anyOf: [{ required: ["a"] }, { required: ["b"] }] },
    '{"b":1}',
    '{"b":1}',
  ],
  ["C49 none of them", { anyOf: [{ required: ["a"] }, { required: ["b"] }] }, '{"c":1}', "422 a"],
  ["C50 malformed JSON", NUMBER, '{"n":', "invalid_request", "422 5"],
  ["C50 a list", NUMBER, "[]", "422 "],
  ["C50 no body", NUMBER, null, "{}", "422 "],
];

describe.each(ROWS)("%s", (_, schema, body, sent, mcpo = sent) => {
  test("by default", async () => {
    expect(await outcome(schema, body, false)).toBe(sent);
  });

  test("where mcpo's way is asked for", async () => {
    expect(await outcome(schema, body, true)).toBe(mcpo);
  });
});

async function outcome(schema: JsonObject, body: string | null, compat: boolean): Promise<string> {
  try {
    return await passed(schema, body, { compat });
  } catch {
    const [first] = (await refusal(schema, body, { compat })) as (JsonValue & { loc?: string[] })[];
    if (typeof first === "string") return first;
    return `422 ${first?.loc?.slice(1).join(" ")}`;
  }
}
