import { expect, test } from "vitest";
import type { Answering } from "../../src/chat/answering.ts";
import { type ChatEvent, textEvent, type ToolRun } from "../../src/chat/chat-event.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { BackendName, ExposedName } from "../../src/core/ids.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { asResponse, asResponses } from "../../src/openai/as-responses.ts";
import type { CallStyle } from "../../src/openai/responses-calls.ts";
import { openSseWriter } from "../../src/openai/sse-writer.ts";
import { lastResponse, outputOf, outputText, readEvents, typesOf } from "./responses-replies.ts";

const FINISH: ChatEvent = { kind: "finish", reason: "stop", usage: undefined, turns: 1 };

function runOf(id: string, args: JsonObject = {}): ToolRun {
  return {
    id,
    name: "erp_get",
    tool: {
      name: "erp_get",
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the catalog makes it
      exposedName: "erp_get" as ExposedName,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the config has it
      backend: "erp" as BackendName,
      ownName: "get",
      tool: { name: "get", inputSchema: { type: "object" } },
    },
    arguments: args,
  };
}

function started(id: string, args?: JsonObject): ChatEvent {
  return { kind: "tool_started", run: runOf(id, args) };
}

function ended(id: string, text = "5", outcome: "ok" | "tool_error" | "failed" = "ok"): ChatEvent {
  return { kind: "tool_ended", run: runOf(id), outcome, text, ms: 1 };
}

/** An answer of these events, which then fails where an error is given. */
function answering(events: readonly ChatEvent[], error?: GatewayError): Answering {
  return {
    async run(sink) {
      for (const event of events) {
        // oxlint-disable-next-line no-await-in-loop -- as they come
        await sink([event]);
      }
      if (error !== undefined) throw error;
    },
    mayBeRepeated: () => false,
  };
}

function parts(style: CallStyle = "mcp", request: JsonObject = {}) {
  return {
    head: { id: "resp_1", createdAt: 1, model: "mcp-gateway" },
    request,
    style,
    lists: [],
    labelOf: () => ({ label: "erp", name: "get" }),
    approvedBy: new Map<string, string>(),
  };
}

async function stream(
  events: readonly ChatEvent[],
  more: { style?: CallStyle; error?: GatewayError; request?: JsonObject } = {},
) {
  const writer = openSseWriter(() => {});
  const done = asResponses(answering(events, more.error), parts(more.style, more.request), writer);
  const read = await readEvents(new Response(writer.readable));
  await done;
  return read;
}

/** What clients hold every stream against. */
function expectSound(events: readonly JsonObject[]): void {
  expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
  const open = new Map<unknown, JsonObject>();
  const items: JsonObject[] = [];
  for (const event of events) {
    const { type, output_index: place, item, item_id: id } = event;
    if (type === "response.output_item.added" && isJsonObject(item)) {
      expect(place).toBe(items.length);
      items.push(item);
      open.set(place, item);
    } else if (place !== undefined) {
      const begun = open.get(place);
      expect(begun, `${typesOf([event])[0]} of an item that is not open`).toBeDefined();
      expect(isJsonObject(item) ? item["id"] : id).toBe(begun?.["id"]);
      if (type === "response.output_item.done" && isJsonObject(item)) {
        expect(item["type"]).toBe(begun?.["type"]);
        items[Number(place)] = item;
        open.delete(place);
      }
    }
  }
  expect(open.size).toBe(0);
  const last = events.findLast(({ response }) => response !== undefined)?.["response"];
  expect(isJsonObject(last) ? last["output"] : undefined).toEqual(items);
}

test("case 28: tells a text in the order clients check", async () => {
  const { events } = await stream([textEvent("Hel"), textEvent("lo"), FINISH]);
  expectSound(events);
  expect(typesOf(events)).toEqual([
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
  ]);
  expect(outputText(lastResponse(events))).toBe("Hello");
  expect(lastResponse(events)).toMatchObject({ id: "resp_1", status: "completed", store: false });
});

test("case 28: tells reasoning, text and refusal as parts of their own items", async () => {
  const { events } = await stream([
    { kind: "delta", delta: { reasoning_content: "hm" } },
    { kind: "delta", delta: { content: "I" } },
    { kind: "delta", delta: { refusal: "cannot" } },
    FINISH,
  ]);
  expectSound(events);
  expect(outputOf(lastResponse(events))).toMatchObject([
    { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "hm" }] },
    {
      type: "message",
      role: "assistant",
      status: "completed",
      content: [
        { type: "output_text", text: "I", annotations: [] },
        { type: "refusal", refusal: "cannot" },
      ],
    },
  ]);
});

test("case 28: tells the probabilities of tokens with their text", async () => {
  const token = { token: "Hi", logprob: -0.1, bytes: null, top_logprobs: [] };
  const { events } = await stream([
    { kind: "delta", delta: { content: "Hi" }, logprobs: { content: [token], refusal: null } },
    textEvent(" there"),
    FINISH,
  ]);
  expectSound(events);
  const delta = events.find(({ type }) => type === "response.output_text.delta");
  expect(delta).toMatchObject({ delta: "Hi", logprobs: [token] });
  expect(outputOf(lastResponse(events))).toMatchObject([
    { content: [{ text: "Hi there", logprobs: [token] }] },
  ]);
});

test("case 28: numbers events in their order when tools tell much at the same time", async () => {
  const args = { text: "x".repeat(100_000) };
  const together: Answering = {
    async run(sink) {
      const work = ["a", "b", "c"].map(async (id) => sink([started(id, args), ended(id)]));
      await Promise.all(work);
      await sink([FINISH]);
    },
    mayBeRepeated: () => false,
  };
  const writer = openSseWriter(() => {});
  const done = asResponses(together, parts(), writer);
  expectSound((await readEvents(new Response(writer.readable))).events);
  await done;
});

test("case 28: tells calls that run together as mcp_call items", async () => {
  const { events } = await stream([
    textEvent("Let me see."),
    started("a", { x: 1 }),
    started("b"),
    ended("b", "Error: no such invoice", "tool_error"),
    ended("a"),
    textEvent("\n\nFive."),
    FINISH,
  ]);
  expectSound(events);
  expect(typesOf(events).filter((type) => type.startsWith("mcp_call"))).toEqual([
    "mcp_call.in_progress",
    "mcp_call_arguments.delta",
    "mcp_call_arguments.done",
    "mcp_call.in_progress",
    "mcp_call_arguments.delta",
    "mcp_call_arguments.done",
    "mcp_call.failed",
    "mcp_call.completed",
  ]);
  const response = lastResponse(events);
  expect(outputOf(response)).toMatchObject([
    { type: "message" },
    {
      type: "mcp_call",
      server_label: "erp",
      name: "get",
      arguments: '{"x":1}',
      output: "5",
      error: null,
      status: "completed",
    },
    {
      type: "mcp_call",
      output: null,
      error: {
        type: "mcp_tool_execution_error",
        content: [{ type: "text", text: "no such invoice" }],
      },
      status: "failed",
    },
    { type: "message" },
  ]);
  expect(outputText(response)).toBe("Let me see.\n\nFive.");
});

test("case 29: tells Open WebUI of each call and its output under one id", async () => {
  const { events } = await stream([started("a"), ended("a"), started("a"), ended("a"), FINISH], {
    style: "function",
  });
  expectSound(events);
  const items = outputOf(lastResponse(events));
  expect(items).toMatchObject([
    { type: "function_call", call_id: "a", name: "erp_get", arguments: "{}", status: "completed" },
    { type: "function_call_output", call_id: "a", output: [{ type: "input_text", text: "5" }] },
    { type: "function_call", name: "erp_get" },
    { type: "function_call_output" },
  ]);
  // A provider that uses an id again must not join two calls.
  expect(items[2]?.["call_id"]).toBe(items[3]?.["call_id"]);
  expect(items[2]?.["call_id"]).not.toBe("a");
});

test("case 28: ends with the calls a client has to run", async () => {
  const { events } = await stream([
    {
      kind: "client_calls",
      calls: [
        { id: "call_1", name: "f", argumentText: '{"x":1}', extra: { extra_content: { s: 1 } } },
        { id: "call_2", name: "patch", argumentText: "***", extra: { type: "custom" } },
      ],
    },
    { kind: "finish", reason: "tool_calls", usage: undefined, turns: 1 },
  ]);
  expectSound(events);
  const response = lastResponse(events);
  expect(response["status"]).toBe("completed");
  expect(outputOf(response)).toMatchObject([
    {
      type: "function_call",
      call_id: "call_1",
      name: "f",
      arguments: '{"x":1}',
      extra_content: { s: 1 },
    },
    { type: "custom_tool_call", call_id: "call_2", name: "patch", input: "***" },
  ]);
});

const APPROVAL: ChatEvent = {
  kind: "approval_wanted",
  approval: { code: "ABCDEFGH", runs: [runOf("a", { x: 1 }), runOf("b")], expiresIn: 900 },
};

test("case 30: asks for approval by items, whose ids lead back to the code", async () => {
  const { events } = await stream([APPROVAL, FINISH]);
  expectSound(events);
  expect(outputOf(lastResponse(events))).toMatchObject([
    { type: "mcp_approval_request", id: "mcpr_ABCDEFGH_1_2_a", arguments: '{"x":1}', name: "get" },
    { type: "mcp_approval_request", id: "mcpr_ABCDEFGH_2_2_b", server_label: "erp" },
  ]);
});

test("asks the person behind Open WebUI for approval in words", async () => {
  const { events } = await stream([APPROVAL, FINISH], { style: "function" });
  expect(outputText(lastResponse(events))).toContain("approve ABCDEFGH");
});

test.each([
  ["length", "max_output_tokens"],
  ["content_filter", "content_filter"],
] as const)("case 28: says that an answer was cut by %s", async (reason, said) => {
  const { events } = await stream([
    textEvent("Hel"),
    { kind: "finish", reason, usage: undefined, turns: 1 },
  ]);
  expectSound(events);
  expect(typesOf(events).at(-1)).toBe("incomplete");
  expect(lastResponse(events)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: said },
    output: [{ type: "message", status: "incomplete" }],
  });
});

test.each(["mcp", "function"] as const)(
  "case 28: closes what is open when an answer fails, calls told as %s as well",
  async (style) => {
    const error = new GatewayError("backend_failed", "Cannot answer: the model is gone");
    const { events } = await stream([textEvent("Hel"), started("a")], { style, error });
    expectSound(events);
    expect(typesOf(events).slice(-2)).toEqual(["failed", "error"]);
    expect(events.at(-2)?.["response"]).toMatchObject({
      status: "failed",
      error: { code: "upstream_error", message: "Cannot answer: the model is gone" },
    });
    expect(events.at(-1)).toMatchObject({
      code: "upstream_error",
      message: "Cannot answer: the model is gone",
    });
    const kinds = outputOf(lastResponse(events.slice(0, -1))).map(({ type }) => type);
    // Open WebUI would run a call that has no output.
    expect(kinds.slice(1)).toEqual(
      style === "mcp" ? ["mcp_call"] : ["function_call", "function_call_output"],
    );
  },
);

test("tells the usage in the words of this API, or none", async () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 4,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 2 },
  };
  const told = await asResponse(answering([{ ...FINISH, usage }]), parts());
  expect(told["usage"]).toEqual({
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
    output_tokens: 4,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 14,
  });
  expect((await asResponse(answering([FINISH]), parts()))["usage"]).toBeNull();
});

test.each(["mcp", "function"] as const)(
  "cuts a giant result of a tool, told as %s, and says so",
  async (style) => {
    const { events, longestLine } = await stream(
      [started("a"), ended("a", "\u0001ä".repeat(500_000)), FINISH],
      { style },
    );
    expectSound(events);
    expect(longestLine).toBeLessThanOrEqual(64 * 1_024);
    expect(JSON.stringify(lastResponse(events))).toContain("of 1000000 characters left out");
  },
);

test("writes no line to Open WebUI that its reader gives up on, and no text is lost", async () => {
  const text = "ab😀".repeat(50_000);
  const args = { text: "x".repeat(200_000) };
  const request = { instructions: "y".repeat(100_000), tools: [{ z: "z".repeat(100_000) }] };
  const { events, longestLine } = await stream(
    [textEvent(text), started("a", args), ended("a"), FINISH],
    { style: "function", request },
  );
  expect(longestLine).toBeLessThanOrEqual(64 * 1_024);
  expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
  const deltas = (type: string): string =>
    events
      .filter((event) => event["type"] === type)
      .map(({ delta }) => (typeof delta === "string" ? delta : ""))
      .join("");
  expect(deltas("response.output_text.delta")).toBe(text);
  expect(deltas("response.function_call_arguments.delta")).toBe(JSON.stringify(args));
  // Open WebUI keeps what it has put together where the last event brings no output.
  expect(lastResponse(events)["output"]).toBeUndefined();
});

test("does not tell back credentials of a tool", async () => {
  const tool = {
    type: "mcp",
    server_label: "erp",
    authorization: "secret",
    headers: { a: "secret" },
  };
  const told = await asResponse(answering([FINISH]), parts("mcp", { tools: [tool] }));
  expect(told["tools"]).toEqual([{ type: "mcp", server_label: "erp" }]);
});
