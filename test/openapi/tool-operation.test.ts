import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type Describing, describeTools } from "../support/described-tools.ts";

type Operations = Record<string, { post: JsonObject & { operationId: string } }>;

async function operations(
  tools: Describing["tools"],
  more: Partial<Describing> = {},
): Promise<Operations> {
  return (await describeTools({ tools, ...more }))["paths"] as Operations;
}

async function operation(words: Describing["tools"][string], compat = false): Promise<JsonObject> {
  const all = await operations({ get_doc: words }, { compat });
  return all["/get_doc"]?.post ?? {};
}

const query = {
  type: "object",
  properties: { q: { type: "string" }, n: { type: "integer", default: 5 } },
  required: ["q"],
};

test("says of a tool what its backend says", async () => {
  expect(
    await operation({
      title: "Read a document",
      description: "Reads it.",
      inputSchema: query,
      outputSchema: { type: "object", properties: { text: { type: "string" } } },
      annotations: { readOnlyHint: true },
      icons: [{ src: "data:image/png;base64,AA==" }],
      _meta: { "example.com/a": 1 },
    }),
  ).toEqual({
    summary: "Read a document",
    description: "Reads it.",
    operationId: "get_doc",
    requestBody: { required: true, content: { "application/json": { schema: query } } },
    responses: {
      200: {
        description: "Successful Response",
        content: {
          "application/json": {
            schema: { type: "object", properties: { text: { type: "string" } } },
          },
        },
      },
      422: expect.anything(),
      default: expect.anything(),
    },
    "x-mcp-annotations": { readOnlyHint: true },
    "x-mcp-icons": [{ src: "data:image/png;base64,AA==" }],
    "x-mcp-meta": { "example.com/a": 1 },
  });
});

test("says it as mcpo does", async () => {
  const outputSchema = { type: "object", properties: { text: { type: "string" } } };
  const told = await operation({ title: "Read", inputSchema: query, outputSchema }, true);
  expect(told).toMatchObject({
    summary: "Get Doc",
    operationId: "tool_get_doc_post",
    responses: {
      200: { content: { "application/json": { schema: { anyOf: [outputSchema, {}] } } } },
      422: {
        description: "Validation Error",
        content: {
          "application/json": { schema: { $ref: "#/components/schemas/HTTPValidationError" } },
        },
      },
    },
  });
  expect(Object.keys(told["responses"] ?? {})).toEqual(["200", "422"]);
});

test("asks for a body only where there is something to send", async () => {
  expect(await operation({ inputSchema: { type: "object" } })).not.toHaveProperty("requestBody");
  expect(
    await operation({ inputSchema: { type: "object", properties: { a: {} } } }),
  ).toHaveProperty("requestBody.required", false);
  expect(
    await operation({ inputSchema: { type: "object", additionalProperties: true } }),
  ).toHaveProperty("requestBody.required", false);
});

test("shows the kinds of a result that its tool does not describe", async () => {
  expect(await operation({})).toHaveProperty("responses.200.content", {
    "application/json": { schema: {} },
    "text/plain": { schema: { type: "string" } },
    "image/*": {},
    "audio/*": {},
  });
});

test("shows examples that the schema gives, and makes none up", async () => {
  const example = async (inputSchema: JsonObject): Promise<unknown> => {
    const told = await operation({ inputSchema });
    const { content } = told["requestBody"] as { content: Record<string, JsonObject> };
    return content["application/json"]?.["example"];
  };
  expect(await example(query)).toBeUndefined();
  expect(await example({ ...query, examples: [{ q: "whole" }] })).toEqual({ q: "whole" });
  expect(
    await example({
      type: "object",
      properties: {
        q: { type: "string", examples: ["cats"] },
        n: { type: "integer", default: 5 },
        unit: { const: "m" },
        page: { type: "integer", default: 1 },
      },
      required: ["q", "n", "unit"],
    }),
  ).toEqual({ q: "cats", n: 5, unit: "m" });
});

test("gives every tool a path and an id of its own, whatever its name", async () => {
  const names = ["a.b", "a b", "a/b", "a%b", "{a}", "ä", "docs", "x".repeat(80), "ok_name-1"];
  const all = await operations(Object.fromEntries(names.map((name) => [name, {}])));
  expect(Object.keys(all)).toEqual(names.map((name) => `/${encodeURIComponent(name)}`));
  const ids = Object.values(all).map(({ post }) => post.operationId);
  expect(new Set(ids).size).toBe(names.length);
  expect(ids.filter((id) => !/^[a-zA-Z0-9_-]{1,64}$/.test(id))).toEqual([]);
  expect(ids.at(-1)).toBe("ok_name-1");
});

test("gives mcpo's id to the first of two that share it", async () => {
  const all = await operations({ "a.b": {}, a_b: {} }, { compat: true });
  expect(all["/a.b"]?.post["operationId"]).toBe("tool_a_b_post");
  expect(all["/a_b"]?.post["operationId"]).toMatch(/^tool_a_b_post_[0-9a-z]{6}$/);
});

test("leaves out what no URL can name", async () => {
  expect(Object.keys(await operations({ "..": {}, ".": {}, "\ud800": {}, "...": {} }))).toEqual([
    "/...",
  ]);
});

test("makes a name readable where there is no title", async () => {
  const summary = async (name: string, words: JsonObject = {}, compat = false): Promise<unknown> =>
    Object.values(await operations({ [name]: words }, { compat }))[0]?.post["summary"];
  expect(await summary("get_current_time")).toBe("Get Current Time");
  expect(await summary("getHTML-page.v2")).toBe("Get HTML Page V2");
  expect(await summary("x", { annotations: { title: "Of its own" } })).toBe("Of its own");
  expect(await summary("getUser_name", {}, true)).toBe("Getuser Name");
  expect(await summary("???")).toBe("???");
});
