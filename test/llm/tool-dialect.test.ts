import { describe, expect, test } from "vitest";
import { functionParameters } from "../../src/catalog/function-schema.ts";
import { PROFILE_NAMES, type ProfileName } from "../../src/config/llm-config.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { shapeTools } from "../../src/llm/tool-dialect.ts";

function tool(parameters: JsonObject | undefined, more: JsonObject = {}): JsonObject {
  return { type: "function", function: { name: "f", description: "d", parameters, ...more } };
}

function shape(profile: ProfileName, given: JsonObject): JsonObject {
  const [made] = shapeTools(profile, [given]);
  return made ?? {};
}

function functionOf(given: JsonObject): JsonObject {
  const { function: own } = given;
  return isJsonObject(own) ? own : {};
}

/** What becomes of a schema. */
function shaped(profile: ProfileName, schema: JsonObject): unknown {
  return functionOf(shape(profile, tool(schema)))["parameters"];
}

function root(p: JsonObject, more: JsonObject = {}): JsonObject {
  return { type: "object", properties: { p }, ...more };
}

const PLAIN = root({ type: "string", description: "text" }, { required: ["p"] });
const EMPTY = { type: "object", properties: {} };
const RICH = root(
  { type: ["string", "null"], default: "a", title: "t", const: "a" },
  { additionalProperties: false },
);
const REFERENCE = root({ $ref: "#/$defs/a" }, { $defs: { a: { type: "integer" } } });
const PATTERN = root({ type: "string", pattern: String.raw`\d+`, minLength: 2, maxLength: 9 });

test.each(PROFILE_NAMES)("leaves to %s what it takes as it is", (profile) => {
  const given = tool(PLAIN);
  const other = { type: "custom", custom: { name: "g", description: "x".repeat(2_000) } };
  const [first, second] = shapeTools(profile, [given, other]);
  if (profile === "gemini") expect(first).toEqual(given);
  else expect(first).toBe(given);
  expect(second).toBe(other);
});

test.each<[string, readonly ProfileName[], JsonObject, JsonObject | undefined]>([
  ["a root without type", ["openai", "anthropic", "generic"], {}, EMPTY],
  ["a root of null and object", ["openai"], { type: ["object", "null"] }, EMPTY],
  ["a root whose properties are a list", ["vllm"], { type: "object", properties: [] }, EMPTY],
  [
    "alternatives at the root",
    ["openai", "azure", "anthropic", "generic"],
    { type: "object", oneOf: [root({ type: "string" }), root({ type: "number" })] },
    root({ type: "string" }),
  ],
  [
    "an array without items",
    ["openai", "mistral", "ollama"],
    root({ type: "array" }),
    root({ type: "array", items: {} }),
  ],
  ["references, where they are resolved", ["openai", "vllm", "anthropic"], REFERENCE, REFERENCE],
  [
    "references, where they may not be",
    ["openrouter", "ai-gateway", "workers-ai", "mistral", "generic", "ollama", "llama.cpp"],
    REFERENCE,
    root({ type: "integer" }),
  ],
  [
    "a recursive reference",
    ["generic"],
    root({ $ref: "#" }),
    root({ type: "object", properties: { p: { type: "object" } } }),
  ],
  ["$schema", ["generic"], { $schema: "x", ...PLAIN }, PLAIN],
  [
    "tuples",
    ["generic"],
    root({ prefixItems: [{ type: "string" }, { type: "integer" }] }),
    root({
      type: "array",
      description: "Items in this order: string, integer",
      items: { anyOf: [{ type: "string" }, { type: "integer" }] },
    }),
  ],
  [
    "further keys of any kind",
    ["openrouter"],
    root({ type: "object", properties: {}, additionalProperties: {} }),
    root({ type: "object", properties: {}, additionalProperties: true }),
  ],
  ["all of JSON Schema", ["openai", "azure", "deepseek", "vllm", "anthropic"], RICH, RICH],
  [
    "a list of types",
    ["ollama", "llama.cpp"],
    root({ type: ["string", "null"], minimum: 1 }),
    root({ type: "string", minimum: 1, nullable: true }),
  ],
  [
    "a pattern, where it becomes a grammar",
    ["generic", "ollama"],
    PATTERN,
    root({ type: "string", minLength: 2, maxLength: 9 }),
  ],
  ["a pattern, where it stays a hint", ["openai", "mistral", "openrouter"], PATTERN, PATTERN],
  ["lengths, where they become a grammar", ["llama.cpp"], PATTERN, root({ type: "string" })],
  [
    "a property of the name of a keyword",
    ["llama.cpp"],
    { type: "object", properties: { pattern: { type: "string", pattern: "a" } } },
    { type: "object", properties: { pattern: { type: "string" } } },
  ],
])("%s for %j", (_, profiles, schema, expected) => {
  for (const profile of profiles) expect(shaped(profile, schema)).toEqual(expected);
});

describe("Gemini", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ["a list of types", { type: ["string", "null"] }, { type: "string", nullable: true }],
    [
      "anyOf with null",
      { anyOf: [{ type: "integer" }, { type: "null" }] },
      {
        type: "integer",
        nullable: true,
      },
    ],
    ["const", { const: "a" }, { type: "string", enum: ["a"] }],
    [
      "an enum of numbers",
      { type: "integer", enum: [1, 2], description: "size" },
      { type: "integer", description: "size\nOne of: 1, 2" },
    ],
    [
      "an enum with an empty member",
      { type: "string", enum: ["", "a"] },
      { type: "string", description: 'One of: "", "a"' },
    ],
    ["an enum without type", { enum: ["a", "b"] }, { type: "string", enum: ["a", "b"] }],
    [
      "strangers",
      {
        type: "string",
        title: "t",
        default: "a",
        examples: ["a"],
        pattern: "a",
        deprecated: true,
        format: "uri",
        maxLength: 3,
      },
      { type: "string", maxLength: 3 },
    ],
    [
      "a format it knows",
      { type: "string", format: "date-time" },
      {
        type: "string",
        format: "date-time",
      },
    ],
    [
      "bounds that exclude",
      { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10, multipleOf: 5 },
      { type: "integer", minimum: 1, maximum: 9 },
    ],
    [
      "bounds of a number",
      { type: "number", exclusiveMinimum: 0.5, maximum: 9 },
      { type: "number", minimum: 0.5, maximum: 9 },
    ],
    ["anything", {}, { type: "string" }],
    ["an array of anything", { type: "array" }, { type: "array", items: { type: "string" } }],
    ["a map", { type: "object", additionalProperties: { type: "string" } }, { type: "object" }],
    [
      "required without declaration",
      { type: "object", required: ["a"] },
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    ],
    [
      "alternatives, which stand alone",
      { anyOf: [{ type: "string" }, { type: "integer", description: "n" }], description: "d" },
      {
        anyOf: [
          { type: "string", description: "d" },
          { type: "integer", description: "n" },
        ],
      },
    ],
    [
      "alternatives that only narrow",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" } },
        anyOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } },
    ],
    [
      "references",
      { type: "array", items: { $ref: "#/$defs/a" } },
      { type: "array", items: { type: "boolean" } },
    ],
  ])("gets %s in its own words", (_, schema, expected) => {
    const defs = { $defs: { a: { type: "boolean", title: "A" } } };
    expect(shaped("gemini", root(schema, defs))).toEqual(root(expected));
  });

  test("gets no parameters where there are none", () => {
    const made = functionOf(shape("gemini", tool({ type: "object", properties: {} })));
    expect(made).toEqual({ name: "f", description: "d" });
  });

  test("gets nothing but fields of its Schema out of our own dialect", () => {
    const schema = functionParameters(root({ type: ["array", "object"] }, RICH));
    const text = JSON.stringify(shaped("gemini", schema));
    expect(text).not.toMatch(/additionalProperties|default|title|pattern|const|\$|exclusive/);
  });
});

test("cuts a description where long ones cost the whole request", () => {
  const long = tool(PLAIN, { description: "x".repeat(2_000) });
  expect(functionOf(shape("openai", long))["description"]).toBe(`${"x".repeat(1_023)}…`);
  expect(shape("anthropic", long)).toBe(long);
});

test("leaves strict functions to the provider that checks them", () => {
  const strict = tool({ $defs: {}, type: "object" }, { strict: true });
  expect(shape("openai", strict)).toBe(strict);
  expect(functionOf(shape("generic", strict))).toMatchObject({ strict: true, parameters: EMPTY });
});

test("leaves functions without parameters and names as they are", () => {
  const bare = { type: "function", function: { name: "9.bad name" } };
  for (const profile of PROFILE_NAMES) expect(shape(profile, bare)).toBe(bare);
});

test("shapes a tool once for each dialect", () => {
  const given = tool(REFERENCE);
  expect(shape("generic", given)).toBe(shape("generic", given));
  expect(shape("openai", given)).toBe(given);
});

test("comes to an end with schemas that do not", () => {
  let deep: JsonObject = { type: "string" };
  for (let level = 0; level < 5_000; level += 1) deep = { type: "array", items: deep };
  for (const profile of PROFILE_NAMES) {
    expect(JSON.stringify(shaped(profile, root(deep))).length).toBeLessThan(2_000);
  }
});
