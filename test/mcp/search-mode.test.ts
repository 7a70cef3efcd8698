import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { openRawSession } from "../support/raw-session.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import {
  awaitReady,
  configure,
  legacy,
  modern,
  readReply,
  type RpcReply,
  send,
  sendAsOwner,
  sendAuthorized,
  STATIC_KEY,
} from "../support/worker.ts";

const OPEN = { type: "object" };
const SEARCH = "/mcp?mode=search";
const THREE = ["call_tool", "get_tool", "search_tools"];
const QUESTION = { mode: "form", message: "Who?", requestedSchema: { ...OPEN, properties: {} } };
let wave: Scripted;

beforeAll(async () => {
  wave = await scripted({
    initialize: { capabilities: { tools: {}, prompts: {}, resources: {} } },
    "tools/list": {
      tools: [
        {
          name: "list_invoices",
          description: "Lists invoices by status. For example unpaid ones.",
          annotations: { readOnlyHint: true },
          inputSchema: {
            type: "object",
            properties: { status: { type: "string", "x-mcp-header": "Status" } },
            required: ["status"],
          },
        },
        { name: "delete_invoice", description: "Deletes an invoice", inputSchema: OPEN },
        { name: "ask", description: "Asks back", inputSchema: OPEN },
      ],
    },
    "prompts/list": { prompts: [{ name: "remind" }] },
    "resources/list": { resources: [{ uri: "memo://plan", name: "plan" }] },
    "tools/call list_invoices": { content: [{ type: "text", text: "INV-1" }] },
    "tools/call delete_invoice": { content: [{ type: "text", text: "gone" }] },
    "tools/call ask": {
      resultType: "input_required",
      inputRequests: { who: { method: "elicitation/create", params: QUESTION } },
      requestState: "the backend's own",
    },
  });
  const box = await scripted({
    "tools/list": {
      tools: [
        { name: "search_tools", description: "Looks into the toolbox", inputSchema: OPEN },
        { name: "hammer", description: "Drives in a nail", inputSchema: OPEN },
      ],
    },
    "tools/call hammer": {
      text: '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32603,"message":"No nail"}}',
    },
  });
  await configure({ mcpServers: { wave: { url: wave.url }, box: { url: box.url } } });
  await awaitReady(["wave", "box"]);
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

function caller(key: string, path = SEARCH) {
  const ask = async (method: string, params: JsonObject = {}) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return (await readReply(await send(path, { method: "POST", headers, body }))).message;
  };
  const call = async (name: string, args: JsonObject = {}) =>
    (await ask("tools/call", { name, arguments: args })).result ?? {};
  return {
    ask,
    call,
    names: async () => namesIn((await ask("tools/list")).result),
    /** The structured content, which the text says as well. */
    told: async (name: string, args: JsonObject = {}): Promise<JsonObject> => {
      const { structuredContent, ...result } = await call(name, args);
      expect(JSON.parse(textOf(result))).toEqual(structuredContent);
      return structuredContent as JsonObject;
    },
    found: async (args: JsonObject): Promise<readonly string[]> => {
      const { structuredContent } = await call("search_tools", args);
      return (structuredContent as { results: { name: string }[] }).results.map(({ name }) => name);
    },
  };
}

function namesIn(result: JsonObject = {}): readonly string[] {
  return (result["tools"] as { name: string }[]).map(({ name }) => name);
}

function textOf({ content }: JsonObject): string {
  const [block] = content as { text: string }[];
  return block?.text ?? "";
}

const owner = caller(STATIC_KEY);

test("lists three tools by the address or by the key, and everything else as always", async () => {
  const keyed = caller(await mint({ mode: "search" }), "/mcp");
  for (const one of [owner, keyed]) {
    expect(await one.names()).toEqual(THREE);
    expect((await one.ask("prompts/list")).result?.["prompts"]).toHaveLength(1);
    expect((await one.ask("resources/list")).result?.["resources"]).toHaveLength(1);
  }
  expect(namesIn((await modern("tools/list", {}, { path: SEARCH })).message.result)).toEqual(THREE);
  expect(await caller(STATIC_KEY, "/mcp").names()).toContain("wave_list_invoices");
  // A backend's own tool keeps the name under its own address.
  expect(await caller(STATIC_KEY, "/mcp/box/?mode=search").names()).toEqual([
    "gateway_search_tools",
    "get_tool",
    "call_tool",
  ]);
});

test("refuses a mode it does not know, and none that is said twice", async () => {
  for (const query of ["mode=", "mode=Search", "mode=all", "mode=search&mode=search"]) {
    const { status, message } = await legacy("tools/list", {}, `/mcp?${query}`);
    expect([query, status, message.error?.message]).toEqual([
      query,
      400,
      'Bad request: "mode" is none of search',
    ]);
  }
  expect((await legacy("tools/list", {}, "/mcp?other=1")).status).toBe(200);
});

test("finds a tool with all that calling it takes", async () => {
  const { results, summary } = await owner.told("search_tools", { query: "unpaid invoices" });
  expect(summary).toBe("Found 2 tool(s)");
  expect((results as JsonObject[])[0]).toEqual({
    server: "wave",
    tool: "list_invoices",
    name: "wave_list_invoices",
    summary: "Lists invoices by status. For example unpaid ones.",
    relevance: 1,
    tags: ["read-only"],
    serverStatus: "connected",
    executable: true,
    howToExecute: 'Use call_tool with name="wave_list_invoices" and its arguments',
  });
  const [first] = (
    await owner.told("search_tools", { query: "invoice", limit: "1", includeSchema: true })
  )["results"] as JsonObject[];
  expect(first).toHaveProperty("inputSchema.type", "object");
});

test("searches one server, takes exact names in every spelling, and forgives slips", async () => {
  expect(await owner.found({ query: "search", server: "wave" })).toEqual([]);
  expect(await owner.found({ query: "search", backend: "box" })).toEqual(["box_search_tools"]);
  for (const query of ["wave_delete_invoice", "wave:delete_invoice", "deleteInvoice"]) {
    expect((await owner.found({ query }))[0]).toBe("wave_delete_invoice");
  }
  expect(await owner.found({ query: "hamer" })).toEqual(["box_hammer"]);
});

test("says what else to try where nothing is found", async () => {
  const { results, message, suggestions } = await owner.told("search_tools", { query: "zebra" });
  expect([results, message]).toEqual([[], 'No tools found matching query: "zebra"']);
  expect(suggestions).toHaveLength(4);
});

test("says which parameter is missing, as a result for the model", async () => {
  for (const [name, args, parameter] of [
    ["search_tools", {}, "query"],
    ["search_tools", { query: " " }, "query"],
    ["get_tool", { server: "wave" }, "tool"],
    ["call_tool", {}, "name"],
    ["list_tools", {}, "server"],
  ] as const) {
    const { structuredContent, isError } = await owner.call(name, args);
    expect(structuredContent).toEqual({ error: `Missing required parameter: ${parameter}` });
    expect(isError).toBe(true);
  }
});

test("gives everything about one tool", async () => {
  for (const args of [
    { name: "wave_list_invoices" },
    { server: "wave", tool: "list_invoices" },
    { tool: "wave:list_invoices" },
    { server: "wave", tool: "wave:list_invoices" },
  ]) {
    const { tool, executable } = await owner.told("get_tool_details", args);
    expect(executable).toBe(true);
    expect(tool).toMatchObject({
      name: "wave_list_invoices",
      server: "wave",
      tool: "list_invoices",
      inputSchema: { required: ["status"] },
    });
  }
  const unknown = await owner.told("get_tool", { server: "box", tool: "list_invoices" });
  expect(unknown).toMatchObject({ tool: null, error: 'Unknown tool: "box:list_invoices"' });
});

test("calls what was found, as if it had been called by its name", async () => {
  for (const args of [
    { name: "wave_list_invoices", arguments: { status: "unpaid" } },
    { server: "wave", tool: "list_invoices", arguments: '{"status":"unpaid"}' },
  ]) {
    expect(textOf(await owner.call("call_tool", args))).toBe("INV-1");
  }
  expect(textOf(await owner.call("execute_tool", { name: "wave:delete_invoice" }))).toBe("gone");
  expect(textOf(await owner.call("wave_delete_invoice"))).toBe("gone");
  const calls = (await wave.arrived()).flatMap(({ message }) =>
    message?.["method"] === "tools/call" ? [message["params"]] : [],
  );
  expect(calls.slice(0, 2)).toMatchObject([
    { name: "list_invoices", arguments: { status: "unpaid" } },
    { name: "list_invoices", arguments: { status: "unpaid" } },
  ]);
});

test("says what went wrong with a call in the codes its dialect has", async () => {
  const cases: readonly (readonly [JsonObject, string])[] = [
    [{ name: "wave_missing" }, "TOOL_NOT_FOUND"],
    [{ name: "call_tool", arguments: { name: "call_tool" } }, "TOOL_NOT_FOUND"],
    [{ name: "wave_list_invoices", arguments: ["unpaid"] }, "INVALID_ARGUMENTS"],
    [{ name: "box_hammer" }, "EXECUTION_ERROR"],
  ];
  for (const [args, code] of cases) {
    const { structuredContent, isError } = await owner.call("call_tool", args);
    expect([structuredContent, isError]).toMatchObject([{ code }, true]);
  }
});

test("passes a modern client's questions on, and asks it for no header it cannot know", async () => {
  const meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };
  const call = (name: string, args: JsonObject): Promise<RpcReply> =>
    modern("tools/call", { name, arguments: args, _meta: meta }, { path: SEARCH });
  const asked = await call("call_tool", { name: "wave_ask" });
  expect(asked.message.result).toMatchObject({
    resultType: "input_required",
    inputRequests: { who: { method: "elicitation/create" } },
  });
  const direct = await call("wave_list_invoices", { status: "unpaid" });
  expect(textOf(direct.message.result ?? {})).toBe("INV-1");
});

test("names the servers and their tools, in no list", async () => {
  expect(await owner.told("list_mcp_servers")).toEqual({
    servers: [
      { name: "box", status: "connected", toolCount: 2 },
      { name: "wave", status: "connected", toolCount: 3 },
    ],
    summary: "Found 2 server(s). 2 connected, 0 disconnected.",
  });
  const { tools } = await owner.told("list_tools", { server: "box" });
  expect((tools as { name: string }[]).map(({ name }) => name)).toEqual([
    "box_hammer",
    "box_search_tools",
  ]);
  expect(await owner.told("list_tools", { server: "none" })).toMatchObject({
    error: 'Unknown server: "none"',
  });
});

test("knows no tool that the caller may not see, in any way", async () => {
  const key = await mint({ mode: "search", allow: ["wave"], deny: ["wave/delete_*"] });
  const one = caller(key, "/mcp");
  expect(await one.found({ query: "delete invoice" })).toEqual(["wave_list_invoices"]);
  expect(await one.found({ query: "wave_delete_invoice" })).not.toContain("wave_delete_invoice");
  expect(await one.found({ query: "hammer" })).toEqual([]);
  expect(await one.found({ query: "hammer", server: "box" })).toEqual([]);
  for (const hidden of ["wave_delete_invoice", "box_hammer"]) {
    const missing = hidden.replace(/_.*/, "_zebra");
    for (const name of ["get_tool", "call_tool"]) {
      const said = async (wanted: string) => textOf(await one.call(name, { name: wanted }));
      const plain = (await said(missing)).replaceAll(missing, hidden);
      expect(JSON.parse(await said(hidden)).error).toBe(JSON.parse(plain).error);
      expect(await said(hidden)).not.toContain("Deletes");
    }
  }
  const { servers } = await one.told("list_mcp_servers");
  expect(servers).toEqual([{ name: "wave", status: "connected", toolCount: 2 }]);
  expect(await one.told("list_tools", { server: "box" })).toMatchObject({
    error: 'Unknown server: "box"',
  });
  const { result } = await one.ask("tools/list");
  expect(JSON.stringify(result)).not.toContain("box");
});

test("is there for no caller who lists tools", async () => {
  const plain = caller(STATIC_KEY, "/mcp");
  for (const name of [...THREE, "execute_tool", "list_mcp_servers"]) {
    expect((await plain.ask("tools/call", { name, arguments: {} })).error?.code).toBe(-32602);
  }
});

test("leaves the other surfaces of a key as they are", async () => {
  const key = await mint({ mode: "search" });
  const headers = { authorization: `Bearer ${key}` };
  const { data } = await (await send("/v1/tools", { headers })).json<{ data: object[] }>();
  expect(data).toHaveLength(5);
  const { paths } = await (await send("/openapi.json", { headers })).json<{ paths: object }>();
  expect(Object.keys(paths)).toContain("/wave/list_invoices");
  expect(JSON.stringify(paths)).not.toContain("call_tool");
});

test("tells in the status what each mode costs a model, about", async () => {
  for (const [key, mode] of [
    [STATIC_KEY, "plain"],
    [await mint({ mode: "search" }), "search"],
  ] as const) {
    const response = await send("/status", { headers: { authorization: `Bearer ${key}` } });
    const { toolList } = await response.json<{ toolList: JsonObject }>();
    expect(toolList).toMatchObject({ mode, plain: { tools: 5 }, search: { tools: 3 } });
    const { characters, tokens } = toolList["search"] as { characters: number; tokens: number };
    expect(tokens).toBe(Math.ceil(characters / 4));
    // What three tools may cost, however many they stand for.
    expect(tokens).toBeLessThan(600);
  }
});

test("reaches only what a key may that reads alone, and asks for approval as a direct call would", async () => {
  const reader = caller(await mint({ mode: "search", readOnly: true }), "/mcp");
  expect(await reader.found({ query: "delete invoice" })).toEqual(["wave_list_invoices"]);
  expect(textOf(await reader.call("call_tool", { name: "wave_delete_invoice" }))).toContain(
    "TOOL_NOT_FOUND",
  );
  const asked = caller(await mint({ mode: "search", approvals: "always" }), "/mcp");
  const direct = await asked.call("wave_delete_invoice");
  expect(direct["isError"]).toBe(true);
  expect(await asked.call("call_tool", { name: "wave_delete_invoice" })).toEqual(direct);
});

test("keeps a legacy session in the mode it began with", async () => {
  const searching = await openRawSession(sendAuthorized, { path: SEARCH });
  const listing = await openRawSession(sendAuthorized, { path: "/mcp" });
  const names = async (session: typeof searching, path: string) => {
    const reply = await readReply(
      await session.as(sendAuthorized, path).post({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    );
    return namesIn(reply.message.result);
  };
  expect(await names(searching, "/mcp")).toEqual(THREE);
  expect(await names(listing, SEARCH)).toContain("wave_list_invoices");
});

test("bounds what it is asked, and reads it as words", async () => {
  for (const query of ["x".repeat(100_000), '" OR name:*', "\u0000", "💥".repeat(5_000), "NEAR("]) {
    const { isError } = await owner.call("search_tools", { query, limit: 1e9 });
    expect([query.slice(0, 10), isError]).toEqual([query.slice(0, 10), undefined]);
  }
  const long = await owner.call("call_tool", { name: "y".repeat(100_000) });
  expect(textOf(long).length).toBeLessThan(1_000);
});
