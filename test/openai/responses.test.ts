import { beforeAll, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { awaitReady } from "../support/worker.ts";
import { asked, configureLlm, forget, messagesOf, offeredIn, toolsRun } from "./llm-chat.ts";
import { readObject } from "./openai-replies.ts";
import {
  lastResponse,
  outputOf,
  outputText,
  readEvents,
  respond,
  typesOf,
} from "./responses-replies.ts";

const KEY = "responses";
const CLOCK = 'CALL time_get_current_time {"timezone":"UTC"}';
const WRITE = "CALL lab_test_simple_text {}";
const OPEN_WEBUI = { "x-openwebui-chat-id": "chat-1" };

beforeAll(async () => {
  await configureLlm(KEY);
  await awaitReady(["time", "lab"]);
});
beforeEach(() => forget(KEY));

async function answer(body: JsonObject, headers: Record<string, string> = {}): Promise<JsonObject> {
  return readObject(await respond(body, headers));
}

async function refusal(body: JsonObject): Promise<{ status: number; error: unknown }> {
  const response = await respond(body);
  return { status: response.status, error: (await readObject(response))["error"] };
}

function mcp(label: string, more: JsonObject = {}): JsonObject {
  return { type: "mcp", server_label: label, ...more };
}

function kindsOf(response: JsonObject): readonly unknown[] {
  return outputOf(response).map(({ type }) => type);
}

test("case 28: lets a model use the caller's tools, and shows them as mcp_call items", async () => {
  const response = await answer({ input: [CLOCK, "THEN", "SAY it is late"].join("\n") });
  expect(kindsOf(response)).toEqual(["mcp_call", "message"]);
  expect(outputOf(response)[0]).toMatchObject({
    server_label: "time",
    name: "get_current_time",
    arguments: '{"timezone":"UTC"}',
    status: "completed",
  });
  expect(outputText(response)).toBe("it is late");
  expect(response).toMatchObject({
    status: "completed",
    usage: { input_tokens: expect.any(Number) },
  });
});

test("case 28: streams the same as it answers whole", async () => {
  const input = ["THINK hm", "MIX wait", CLOCK, "THEN", "SAY it is late"].join("\n");
  const { events } = await readEvents(await respond({ input, stream: true }));
  const response = lastResponse(events);
  const whole = await answer({ input });
  expect(kindsOf(response)).toEqual(["reasoning", "message", "mcp_call", "message"]);
  expect(kindsOf(whole)).toEqual(kindsOf(response));
  expect(outputText(whole)).toBe(outputText(response));
  expect(typesOf(events).at(-1)).toBe("completed");
});

test("case 29: shows Open WebUI each call with its output, and takes both back", async () => {
  const input = [CLOCK, "THEN", "SAY it is late"].join("\n");
  const first = await answer({ input }, OPEN_WEBUI);
  expect(kindsOf(first)).toEqual(["function_call", "function_call_output", "message"]);
  const [call, output] = outputOf(first);
  expect(call).toMatchObject({ name: "time_get_current_time" });
  expect(output?.["call_id"]).toBe(call?.["call_id"]);
  await forget(KEY);
  await answer(
    {
      input: [
        { role: "user", content: input },
        ...outputOf(first),
        { role: "user", content: "SAY ok" },
      ],
    },
    OPEN_WEBUI,
  );
  const [request] = await asked(KEY, 1);
  expect(request === undefined ? [] : messagesOf(request)).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ function: { name: "time_get_current_time" } }] },
    { role: "tool" },
    { role: "assistant", content: "it is late" },
    { role: "user", content: "SAY ok" },
  ]);
});

test("case 30: offers the tools of the servers a client names, and lists them once", async () => {
  const tools = [mcp("time", { allowed_tools: ["get_current_time"], require_approval: "never" })];
  const response = await answer({ tools, input: [CLOCK, "THEN", "SAY late"].join("\n") });
  expect(kindsOf(response)).toEqual(["mcp_list_tools", "mcp_call", "message"]);
  expect(outputOf(response)[0]).toMatchObject({
    server_label: "time",
    tools: [{ name: "get_current_time", input_schema: { type: "object" } }],
  });
  const [request] = await asked(KEY, 1);
  expect(request === undefined ? [] : offeredIn(request)).toEqual(["time_get_current_time"]);
  const input = [...outputOf(response), { role: "user", content: "SAY ok" }];
  expect(kindsOf(await answer({ tools, input }))).toEqual(["message"]);
});

test("case 30: knows its own servers by address, and all of them by one label", async () => {
  const own = mcp("clock", { server_url: "https://gateway.test/mcp/time" });
  const wanted = [CLOCK, "THEN", "SAY late"].join("\n");
  const byAddress = await answer({ tools: [own], input: wanted });
  expect(outputOf(byAddress)[1]).toMatchObject({ server_label: "clock", name: "get_current_time" });
  const all = await answer({ tools: [mcp("mcp-gateway")], input: wanted });
  expect(outputOf(all)[1]).toMatchObject({
    server_label: "mcp-gateway",
    name: "time_get_current_time",
  });
});

test("case 30: asks no other address, and knows no server a caller does not see", async () => {
  const elsewhere = await refusal({
    input: "hi",
    tools: [mcp("time", { server_url: "http://169.254.169.254/mcp" })],
  });
  expect(elsewhere).toMatchObject({
    status: 400,
    error: { code: "unsupported_parameter", param: "tools[0].server_url" },
  });
  const unknown = await refusal({ input: "hi", tools: [mcp("secret")] });
  expect(unknown).toMatchObject({
    status: 400,
    error: { message: 'Cannot use the MCP server "secret": there is no such server' },
  });
  expect(await asked(KEY)).toEqual([]);
});

test("case 30: asks for approval, and runs what was approved once", async () => {
  const tools = [
    mcp("lab", { require_approval: { always: { tool_names: ["test_simple_text"] } } }),
  ];
  const script = { role: "user", content: [WRITE, "THEN", "SAY got {{results}}"].join("\n") };
  const question = await answer({ tools, input: [script] });
  expect(kindsOf(question)).toEqual(["mcp_list_tools", "mcp_approval_request"]);
  const [, request] = outputOf(question);
  expect(request).toMatchObject({ server_label: "lab", name: "test_simple_text", arguments: "{}" });
  const input = [
    script,
    ...outputOf(question),
    { type: "mcp_approval_response", approval_request_id: request?.["id"], approve: true },
  ];
  const answered = await answer({ tools, input });
  expect(kindsOf(answered)).toEqual(["mcp_call", "message"]);
  expect(outputOf(answered)[0]).toMatchObject({
    approval_request_id: request?.["id"],
    status: "completed",
  });
  expect(outputText(answered)).toMatch(/^got /);
  const again = await answer({ tools, input });
  expect(kindsOf(again)).toEqual(["message"]);
  expect(outputText(again)).toContain("no open question");
  // The whole conversation comes again with what is said next.
  const next = [...input, ...outputOf(answered), { role: "user", content: "SAY ok" }];
  expect(outputText(await answer({ tools, input: next }))).toBe("ok");
});

test("case 30: tells the model of a refusal, and runs nothing", async () => {
  const tools = [mcp("lab", { require_approval: "always" })];
  const script = {
    role: "user",
    content: "CALL lab_test_error_handling {}\nTHEN\nSAY {{results}}",
  };
  const question = await answer({ tools, input: [script] });
  const request = outputOf(question).find(({ type }) => type === "mcp_approval_request");
  const denied = {
    type: "mcp_approval_response",
    approval_request_id: request?.["id"],
    approve: false,
  };
  const answered = await answer({ tools, input: [script, ...outputOf(question), denied] });
  expect(outputText(answered)).toContain("declined");
  expect(await toolsRun()).not.toContainEqual(expect.stringContaining("test_error_handling"));
});

test("case 28: gives a client its own calls back, and goes on with their results", async () => {
  const tools = [
    { type: "function", name: "weather", parameters: { type: "object", properties: {} } },
  ];
  const script = { role: "user", content: "CALL weather {}\nTHEN\nSAY it is {{results}}" };
  const first = await answer({ tools, input: [script] });
  expect(kindsOf(first)).toEqual(["function_call"]);
  const [call] = outputOf(first);
  const output = { type: "function_call_output", call_id: call?.["call_id"], output: "sunny" };
  const second = await answer({ tools, input: [script, ...outputOf(first), output] });
  expect(outputText(second)).toBe("it is sunny");
});

test("lets a client choose a server's tool, and bound the calls", async () => {
  const tools = [mcp("time")];
  const choice = { type: "mcp", server_label: "time", name: "get_current_time" };
  await answer({ tools, tool_choice: choice, input: "SAY hi" });
  const [request] = await asked(KEY, 1);
  expect(request?.body["tool_choice"]).toEqual({
    type: "function",
    function: { name: "time_get_current_time" },
  });
  const bounded = await answer({
    max_tool_calls: 1,
    input: [CLOCK, CLOCK, "THEN", "SAY done"].join("\n"),
  });
  expect(kindsOf(bounded).filter((kind) => kind === "mcp_call")).toHaveLength(1);
});

test("case 31: refuses what needs a memory of answers", async () => {
  const refused = await refusal({ input: "hi", previous_response_id: "resp_1" });
  expect(refused).toMatchObject({
    status: 400,
    error: { code: "unsupported_parameter", param: "previous_response_id" },
  });
  expect(await answer({ input: "SAY hi", store: true })).toMatchObject({ store: false });
});

test("case 28: fails as the provider fails, before and in the answer", async () => {
  const before = await respond({ input: 'ERR 400 {"message":"too hot"}' });
  expect(before.status).toBe(400);
  const { events } = await readEvents(
    await respond({ input: "SAY Hel\nERR chunk broken", stream: true }),
  );
  expect(typesOf(events).slice(-2)).toEqual(["failed", "error"]);
  expect(lastResponse(events.slice(0, -1))).toMatchObject({ status: "failed" });
});

test("case 28: says that an answer was cut", async () => {
  const { events } = await readEvents(
    await respond({ input: "SAY Hel\nFINISH length", stream: true }),
  );
  expect(typesOf(events).at(-1)).toBe("incomplete");
  expect(lastResponse(events)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
  });
});

test("runs no tool for a background task, and none for a raw model", async () => {
  await answer({ input: CLOCK }, { "x-openwebui-task": "title_generation" });
  const raw = await answer({ model: "raw/openai/scripted-1", input: CLOCK });
  expect(kindsOf(raw)).toEqual(["message"]);
  const requests = await asked(KEY, 2);
  expect(requests.flatMap(offeredIn)).toEqual([]);
  const refused = await refusal({
    model: "raw/openai/scripted-1",
    input: "hi",
    tools: [mcp("time")],
  });
  expect(refused).toMatchObject({ status: 400, error: { param: "tools" } });
});
