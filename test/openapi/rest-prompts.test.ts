import { beforeAll, describe, expect, inject, test } from "vitest";
import { keyFor } from "../support/key-for.ts";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, type Init, send, sendAuthorized } from "../support/worker.ts";

/** A prompt that asks for a lot. */
const FORM = {
  name: "form",
  arguments: Array.from({ length: 1_000 }, (_, i) => ({ name: `field${i}`, required: true })),
};

beforeAll(async () => {
  const { legacyJson, modern } = inject("fixtures");
  const odd = await scripted({
    initialize: { capabilities: { tools: {}, prompts: {} } },
    "tools/list": { tools: [{ name: "prompts/both", inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: "the tool" }] },
    "prompts/list": { prompts: [{ name: "both" }, { name: "sum up/all" }, FORM] },
    "prompts/get": { description: "the prompt", messages: [] },
    "prompts/get sum up/all": { messages: [], _meta: { kept: 1 } },
  });
  await configure({
    mcpServers: { json: { url: legacyJson }, modern: { url: modern }, odd: { url: odd.url } },
  });
  await awaitReady(["json", "modern", "odd"]);
}, 30_000);

async function ask(path: string, init: Init = {}): Promise<[status: number, body: unknown]> {
  const response = await sendAuthorized(path, init);
  return [response.status, await response.json()];
}

function post(path: string, body: unknown): Promise<[status: number, body: unknown]> {
  const headers = { "content-type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

const FILLED = {
  messages: [
    {
      role: "user",
      content: { type: "text", text: "Prompt with arguments: arg1='a b', arg2='?'" },
    },
  ],
};

describe.each(["json", "modern"])("at %s", (backend) => {
  const path = `/${backend}/prompts/test_prompt_with_arguments`;

  test("lists prompts", async () => {
    const [status, body] = await ask(`/${backend}/prompts`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      prompts: expect.arrayContaining([
        { name: "test_prompt_with_image", description: "A prompt with an image" },
      ]),
    });
  });

  test("fills in arguments from the query, or from the body", async () => {
    expect(await ask(`${path}?arg1=a%20b&arg2=%3F`)).toEqual([
      200,
      expect.objectContaining(FILLED),
    ]);
    expect(await post(path, { arg1: "a b", arg2: "?" })).toEqual([
      200,
      expect.objectContaining(FILLED),
    ]);
  });

  test("needs no body where nothing is asked", async () => {
    const [status] = await ask(`/${backend}/prompts/test_simple_prompt`, { method: "POST" });
    expect(status).toBe(200);
  });

  test("names the arguments that are missing", async () => {
    const missing = (where: string, name: string, input: object) => ({
      type: "missing",
      loc: [where, name],
      msg: "Field required",
      input,
    });
    expect(await ask(`${path}?arg2=x`)).toEqual([
      422,
      { detail: [missing("query", "arg1", { arg2: "x" })] },
    ]);
    expect(await post(path, {})).toEqual([
      422,
      { detail: [missing("body", "arg1", {}), missing("body", "arg2", {})] },
    ]);
  });

  test("does not know a prompt that is not listed", async () => {
    expect((await ask(`/${backend}/prompts/none`))[0]).toBe(404);
    expect((await post(`/${backend}/prompts/none`, {}))[0]).toBe(404);
  });
});

test.each([
  [
    { arg1: 1, arg2: "x" },
    { type: "string_type", loc: ["body", "arg1"], input: 1 },
  ],
  [
    { arg1: null, arg2: "x" },
    { type: "string_type", loc: ["body", "arg1"], input: null },
  ],
  [["arg1"], { type: "dict_type", loc: ["body"] }],
  ["arg1", { type: "dict_type", loc: ["body"] }],
])("refuses the arguments %j", async (body, problem) => {
  expect(await post("/json/prompts/test_prompt_with_arguments", body)).toEqual([
    422,
    { detail: [expect.objectContaining(problem)] },
  ]);
});

test("refuses a body that is no JSON", async () => {
  const path = "/json/prompts/test_simple_prompt";
  const headers = { "content-type": "application/json" };
  expect((await ask(path, { method: "POST", headers, body: "{" }))[0]).toBe(400);
  expect((await ask(path, { method: "POST", body: "{}" }))[0]).toBe(415);
});

test("repeats little of what was sent to a prompt, however many of its arguments are missing", async () => {
  const [status, body] = await post("/odd/prompts/form", { more: "x".repeat(100_000) });
  expect(status).toBe(422);
  expect(JSON.stringify(body).length).toBeLessThan(20_000);
});

test("refuses a body that is nested without end", async () => {
  const headers = { "content-type": "application/json" };
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (const body of [deep, `{"arg1":${deep}}`]) {
    const path = "/json/prompts/test_prompt_with_arguments";
    expect((await ask(path, { method: "POST", headers, body }))[0]).toBe(400);
  }
});

test("calls a tool that is called like a prompt by POST, and reads the prompt by GET", async () => {
  expect(await post("/odd/prompts/both", {})).toEqual([200, "the tool"]);
  expect(await ask("/odd/prompts/both")).toEqual([
    200,
    { description: "the prompt", messages: [] },
  ]);
});

test("finds a prompt by whatever name it has", async () => {
  for (const path of ["sum%20up/all", "sum%20up%2Fall", "sum%20up/all/"]) {
    expect(await ask(`/odd/prompts/${path}`)).toEqual([200, { messages: [], _meta: { kept: 1 } }]);
  }
});

test("keeps what the query says to the gateway from the prompt", async () => {
  expect((await ask("/json/prompts/test_simple_prompt?compat=mcpo"))[0]).toBe(200);
});

test("shows prompts only to those who may use the whole backend", async () => {
  const headers = { authorization: `Bearer ${await keyFor({ allow: ["json/echo"] })}` };
  expect(await (await send("/json/prompts", { headers })).json()).toEqual({ prompts: [] });
  const one = await send("/json/prompts/test_simple_prompt", { headers });
  expect(one.status).toBe(404);
});
