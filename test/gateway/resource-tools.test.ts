import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, modern, readReply, send, sendAsOwner } from "../support/worker.ts";

const ALL_FOUR = ["get_prompt", "list_prompts", "list_resources", "read_resource"];
const OPEN = { type: "object" };
const QUESTION = { mode: "form", message: "Who?", requestedSchema: { ...OPEN, properties: {} } };
let library: Scripted;

beforeAll(async () => {
  library = await scripted({
    initialize: { capabilities: { tools: {}, resources: {}, prompts: {} } },
    "tools/list": { tools: [{ name: "call", inputSchema: OPEN }] },
    "resources/list": {
      resources: [
        { uri: "memo://plan", name: "plan", title: "The plan", mimeType: "text/plain" },
        { uri: "ui://app/page", name: "page" },
        { uri: "memo://mixed", name: "mixed", description: `Several\nlines ${"x".repeat(500)}` },
        { uri: "memo://broken", name: "broken" },
        ...Array.from({ length: 200 }, (_, index) => ({ uri: `file:///${index}`, name: "file" })),
      ],
    },
    "resources/templates/list": {
      resourceTemplates: [{ uriTemplate: "memo://notes/{day}", name: "notes" }],
    },
    "prompts/list": {
      prompts: [
        { name: "ask" },
        { name: "greet", description: "Greets", arguments: [{ name: "who", required: true }] },
      ],
    },
    "resources/read memo://plan": { contents: [{ uri: "memo://plan", text: "First, rest." }] },
    "resources/read ui://app/page": { contents: [{ uri: "ui://app/page", text: "<html>" }] },
    "resources/read memo://mixed": {
      contents: [
        { uri: "memo://a", text: "A" },
        { uri: "memo://b", blob: "AAAA", mimeType: "image/png" },
        { uri: "memo://c", blob: "AAAA", mimeType: "application/pdf" },
      ],
    },
    "prompts/get ask": {
      resultType: "input_required",
      inputRequests: { who: { method: "elicitation/create", params: QUESTION } },
      requestState: "the backend's own",
    },
    "prompts/get greet": {
      description: "A greeting",
      messages: [
        { role: "user", content: { type: "text", text: "Say hello" } },
        { role: "assistant", content: { type: "image", data: "AAAA", mimeType: "image/png" } },
      ],
    },
  });
  // Its one tool is exposed as `list_resources`, the name of one of ours.
  const list = await scripted({
    "tools/list": { tools: [{ name: "resources", inputSchema: OPEN }] },
  });
  await configure({ mcpServers: { library: { url: library.url }, list: { url: list.url } } });
  await awaitReady(["library", "list"]);
}, 30_000);

async function mint(wanted: object): Promise<string> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "test", ...wanted }),
  });
  expect(response.status).toBe(201);
  return (await response.json<{ key: string }>()).key;
}

function listIn<Entry>(result: JsonObject | undefined, member: string): Entry[] {
  const list = result?.[member];
  return Array.isArray(list) ? list : [];
}

function caller(key: string) {
  const ask = async (method: string, params: JsonObject = {}, path = "/mcp") => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return (await readReply(await send(path, { method: "POST", headers, body }))).message;
  };
  return {
    ask,
    names: async (path = "/mcp") =>
      listIn<{ name: string }>((await ask("tools/list", {}, path)).result, "tools").map(
        ({ name }) => name,
      ),
    call: async (name: string, args: JsonObject = {}, path = "/mcp") =>
      (await ask("tools/call", { name, arguments: args }, path)).result,
    get: async (path: string) =>
      (await send(path, { headers: { authorization: `Bearer ${key}` } })).json<JsonObject>(),
  };
}

let key: string;
let tools: ReturnType<typeof caller>;
beforeAll(async () => {
  key = await mint({ resourceTools: true });
  tools = caller(key);
});

test("are there for a key that asks for them, on every surface, and for no other", async () => {
  expect(await tools.names("/mcp/library")).toEqual([
    "call",
    "list_resources",
    "read_resource",
    "list_prompts",
    "get_prompt",
  ]);
  const { data } = await tools.get("/v1/tools");
  const functions = (data as unknown as { function: { name: string } }[]).map(
    (tool) => tool.function.name,
  );
  expect(functions).toEqual(await tools.names());
  expect(functions).toEqual(expect.arrayContaining(["read_resource", "list_prompts"]));

  const plain = caller(await mint({}));
  expect(await plain.names("/mcp/library")).toEqual(["call"]);
  const unknown = await plain.ask("tools/call", { name: "read_resource", arguments: {} });
  expect(unknown.error).toEqual({ code: -32602, message: 'Unknown tool: "read_resource"' });
});

test("give way to a backend's tool of the same name", async () => {
  const names = await tools.names();
  expect(names).toEqual(
    ["gateway_list_resources", "library_call", "list_resources", ...ALL_FOUR]
      .filter((name, index, all) => all.indexOf(name) === index)
      .toSorted(),
  );
  expect(await tools.call("list_resources")).not.toHaveProperty("structuredContent");
  expect(await tools.call("gateway_list_resources")).toHaveProperty("structuredContent");
});

test("say that they only read", async () => {
  const { result } = await tools.ask("tools/list", {}, "/mcp/library");
  const own = listIn<JsonObject>(result, "tools").slice(1);
  for (const tool of own) {
    expect(tool["annotations"]).toMatchObject({ readOnlyHint: true });
    expect(tool["inputSchema"]).toMatchObject({ type: "object", additionalProperties: false });
  }
});

describe("list_resources", () => {
  test("lists in pages a model can read, for people and machines", async () => {
    const first = await tools.call("list_resources", {}, "/mcp/library");
    const structured = first?.["structuredContent"] as JsonObject;
    expect(structured["resources"]).toHaveLength(100);
    expect(structured["nextCursor"]).toBe("100");
    const text = listIn<{ text: string }>(first, "content")[0]?.text ?? "";
    expect(text.split("\n").slice(0, 4)).toEqual([
      "100 of 205 resources:",
      "- memo://plan — The plan [text/plain]",
      "- ui://app/page — page",
      expect.stringMatching(/^- memo:\/\/mixed — mixed: Several lines x{280,}…$/),
    ]);
    const last = await tools.call("list_resources", { cursor: "200" }, "/mcp/library");
    expect(last?.["structuredContent"]).toMatchObject({
      resourceTemplates: [{ uriTemplate: "memo://notes/{day}" }],
    });
    expect(last?.["structuredContent"]).not.toHaveProperty("nextCursor");
  });

  test("narrows a list down, and names everything as its scope does", async () => {
    const found = await tools.call("gateway_list_resources", { filter: "PAGE app" });
    expect(found?.["structuredContent"]).toEqual({
      resources: [{ uri: "ui://library/app/page", name: "page" }],
      resourceTemplates: [],
    });
    const none = await tools.call("gateway_list_resources", { filter: "nowhere" });
    expect(none?.["content"]).toEqual([{ type: "text", text: "There are no such resources." }]);
  });

  test("tells the model what is wrong with its arguments", async () => {
    for (const args of [{ cursor: "x" }, { filter: 7 }]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await tools.call("gateway_list_resources", args)).toMatchObject({ isError: true });
    }
  });
});

describe("read_resource", () => {
  test("gives text as text, pictures as pictures and other bytes as they are", async () => {
    const read = (uri: string) => tools.call("read_resource", { uri });
    expect(await read("memo://plan")).toEqual({
      content: [{ type: "text", text: "First, rest." }],
    });
    expect((await read("memo://mixed"))?.["content"]).toEqual([
      { type: "text", text: "memo://a\n\nA" },
      { type: "image", data: "AAAA", mimeType: "image/png" },
      {
        type: "resource",
        resource: { uri: "memo://c", blob: "AAAA", mimeType: "application/pdf" },
      },
    ]);
    expect((await read("ui://library/app/page"))?.["content"]).toEqual([
      { type: "text", text: "<html>" },
    ]);
  });

  test("tells the model of a resource that is not there, forbidden or broken", async () => {
    const forbidden = caller(await mint({ resource_tools: true, deny: ["library"] }));
    const missing = await tools.call("read_resource", { uri: "nowhere://x" });
    expect(missing).toEqual({
      content: [{ type: "text", text: 'Unknown resource: "nowhere://x"' }],
      isError: true,
    });
    expect(await forbidden.call("read_resource", { uri: "memo://plan" })).toEqual({
      content: [{ type: "text", text: 'Unknown resource: "memo://plan"' }],
      isError: true,
    });
    expect(await tools.call("read_resource", { uri: "memo://broken" })).toMatchObject({
      content: [{ text: expect.stringContaining("Method not found") }],
      isError: true,
    });
    expect(await tools.call("read_resource")).toMatchObject({ isError: true });
  });
});

test("list_prompts and get_prompt do the same for prompts", async () => {
  expect((await tools.call("list_prompts"))?.["structuredContent"]).toEqual({
    prompts: [
      { name: "library_ask" },
      {
        name: "library_greet",
        description: "Greets",
        arguments: [{ name: "who", required: true }],
      },
    ],
  });
  const got = await tools.call("get_prompt", { name: "library_greet", arguments: { who: 7 } });
  expect(got?.["content"]).toEqual([
    { type: "text", text: "A greeting" },
    { type: "text", text: "[user]\nSay hello" },
    { type: "text", text: "[assistant]" },
    { type: "image", data: "AAAA", mimeType: "image/png" },
  ]);
  expect(await tools.call("get_prompt", { name: "greet" }, "/mcp/library")).not.toHaveProperty(
    "isError",
  );
});

/** With a client that can be asked: such calls may wait in an object. */
async function askable(name: string, args: JsonObject, more: JsonObject = {}) {
  const capabilities = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };
  const params = { name, arguments: args, _meta: capabilities, ...more };
  const headers = { authorization: `Bearer ${key}` };
  return (await modern("tools/call", params, { headers })).message.result;
}

test("pass a question of the backend on, and its answer back", async () => {
  const args = { name: "library_ask" };
  const asking = await askable("get_prompt", args);
  expect(asking).toMatchObject({
    resultType: "input_required",
    inputRequests: { who: { method: "elicitation/create", params: QUESTION } },
  });
  expect(asking?.["requestState"]).not.toContain("own");
  const inputResponses = { who: { action: "accept", content: {} } };
  await askable("get_prompt", args, { inputResponses, requestState: asking?.["requestState"] });
  const asked = (await library.arrived()).filter(
    ({ message }) => message?.method === "prompts/get",
  );
  expect(asked.at(-1)?.message?.params).toMatchObject({
    name: "ask",
    inputResponses,
    requestState: "the backend's own",
  });
});

test("answer a client that can be asked as they answer any other", async () => {
  expect(await askable("list_prompts", {})).toHaveProperty("structuredContent");
  expect(await askable("read_resource", { uri: "nowhere://x" })).toMatchObject({ isError: true });
  expect(await askable("read_resource", {})).toMatchObject({ isError: true });
});

test("are recorded like any other call, what they do inside too", async () => {
  await tools.call("read_resource", { uri: "memo://plan" });
  await expect
    .poll(
      async () => {
        const response = await sendAsOwner("/admin/api/audit?limit=100");
        const { events } = await response.json<{ events: Record<string, string>[] }>();
        return events.map(({ method, backend, target }) => `${method} ${backend} ${target}`);
      },
      { timeout: 10_000, interval: 200 },
    )
    .toEqual(
      expect.arrayContaining(["tools/call gateway read_resource", "resources/read library memo:"]),
    );
});
