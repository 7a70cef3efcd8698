import type { JsonObject } from "../../src/core/json.ts";
import type { Line } from "./conversation.ts";

/** What is said to the servers of the differential test, in this order. */

const call = (name: string, args: JsonObject = {}, more: Partial<Line> = {}): Line => ({
  name: `call ${name}`,
  method: "tools/call",
  params: { name, arguments: args },
  ...more,
});
const withToken = (line: Line, progressToken: string | number): Line => ({
  ...line,
  name: `${line.name} with the token ${JSON.stringify(progressToken)}`,
  params: { ...line.params, _meta: { progressToken } },
});
const prompt = (name: string, args?: JsonObject): Line => ({
  name: `prompt ${name}`,
  method: "prompts/get",
  params: { name, ...(args === undefined ? {} : { arguments: args }) },
});
const read = (uri: string): Line => ({
  name: `read ${uri}`,
  method: "resources/read",
  params: { uri },
});
const list = (method: string, name = method): Line => ({ name, method, params: {} });
const complete = (
  name: string,
  ref: JsonObject,
  argument: JsonObject,
  given?: JsonObject,
): Line => ({
  name: `complete ${name}`,
  method: "completion/complete",
  params: { ref, argument, ...(given === undefined ? {} : { context: { arguments: given } }) },
});
const changed = (kind: "tool" | "prompt" | "resource"): Line[] =>
  ["added", "removed"].flatMap((what) => [
    call(`test_trigger_${kind}_change`, {}, { name: `${kind} ${what}`, apart: 1 }),
    list(`${kind}s/list`, `${kind}s with one ${what}`),
  ]);

const LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"].map(
  (method) => list(method),
);

/** W3C Trace Context and Baggage, as in `_meta` (MCP 2026-07-28, basic). */
export const TRACE = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
  tracestate: "vendor=1,other=2",
  baggage: "userId=alice",
};

/** Of every client to every wire of the conformance server. */
export const FIXTURE_LINES: readonly Line[] = [
  ...LISTS,
  call("test_simple_text"),
  call("test_image_content"),
  call("test_audio_content"),
  call("test_embedded_resource"),
  call("test_multiple_content_types"),
  call("test_error_handling"),
  call("json_schema_2020_12_tool", { name: "Ada", contactMethod: "phone", phone: "1" }),
  call("echo", { text: "é ü 漢字 🙂 \u2028", nested: { list: [1, null, "", [], {}] }, no: null }),
  { ...call("echo"), name: "call echo without arguments", params: { name: "echo" } },
  { ...call("echo"), name: "call echo in a trace", params: { name: "echo", _meta: TRACE } },
  withToken(call("test_tool_with_progress"), "mine"),
  withToken(call("test_tool_with_progress"), 7),
  withToken(call("test_tool_with_progress"), 0),
  call("test_tool_with_progress"),
  withToken(call("test_slow", { ms: 60, progress: 3 }), "slow"),
  call("test_sampling", { prompt: "seven" }),
  call("test_elicitation", { message: "Who?" }),
  call("test_elicitation_sep1034_defaults"),
  call("test_elicitation_sep1330_enums"),
  withToken(call("test_streaming_elicitation"), "asking"),
  call("test_missing_capability"),
  call("test_input_required_result_elicitation"),
  call("test_input_required_result_sampling"),
  call("test_input_required_result_list_roots"),
  call("test_input_required_result_request_state"),
  call("test_input_required_result_tampered_state"),
  call("test_input_required_result_multi_round"),
  call("test_input_required_result_multiple_inputs"),
  call("test_input_required_result_capabilities"),
  call("test_list_roots"),
  call("test_elicitation_url"),
  call("test_two_questions"),
  call("test_whoami_elicitation", { secret: "s" }),
  prompt("test_simple_prompt"),
  prompt("test_prompt_with_arguments", { arg1: "a", arg2: "b ü" }),
  prompt("test_prompt_with_embedded_resource", { resourceUri: "test://any" }),
  prompt("test_prompt_with_image"),
  prompt("test_input_required_result_prompt"),
  read("test://static-text"),
  read("test://static-binary"),
  read("test://template/123/data"),
  read("test://template/a%20b/data"),
  complete(
    "an argument of a prompt",
    { type: "ref/prompt", name: "test_prompt_with_arguments" },
    { name: "arg1", value: "par" },
  ),
  complete(
    "an argument after another",
    { type: "ref/prompt", name: "test_prompt_with_arguments" },
    { name: "arg2", value: "p" },
    { arg1: "paris" },
  ),
  complete(
    "a part of a template",
    { type: "ref/resource", uri: "test://template/{id}/data" },
    { name: "id", value: "1" },
  ),
  ...changed("tool"),
  ...changed("prompt"),
  ...changed("resource"),
  // What is wrong with a request.
  call("nobody"),
  { name: "call without a name", method: "tools/call", params: { arguments: {} } },
  { name: "call by a number", method: "tools/call", params: { name: 7 } },
  { name: "call with a list", method: "tools/call", params: { name: "echo", arguments: [1] } },
  prompt("nobody"),
  { name: "prompt without a name", method: "prompts/get", params: {} },
  read("test://nowhere"),
  { name: "read nothing", method: "resources/read", params: {} },
  { name: "complete nothing", method: "completion/complete", params: {} },
  { name: "an unknown method", method: "nonsense/method", params: {} },
  call("test_simple_text", {}, { name: "go on after all this" }),
];

const level = (name: string): Line => ({
  name: `level ${name}`,
  method: "logging/setLevel",
  params: { level: name },
});

/** What only a client of 2025-11-25 says. */
export const LEGACY_LINES: readonly Line[] = [
  list("ping"),
  call("test_logging_tool"),
  call("test_log_levels", {}, { name: "log everything" }),
  level("error"),
  call("test_log_levels", {}, { name: "log errors" }),
  level("debug"),
  call("test_log_levels", {}, { name: "log everything again" }),
  level("loud"),
  { name: "subscribe", method: "resources/subscribe", params: { uri: "test://watched-resource" } },
  call("test_update_resource", { uri: "test://static-text" }, { name: "update another" }),
  call("test_update_resource", { uri: "test://watched-resource" }, { name: "update it", apart: 1 }),
  {
    name: "unsubscribe",
    method: "resources/unsubscribe",
    params: { uri: "test://watched-resource" },
  },
  call("test_update_resource", { uri: "test://watched-resource" }, { name: "update it unseen" }),
  call("test_url_required", { id: "page" }),
  list("server/discover"),
];

const logged = (name: string, wanted: string): Line => ({
  name,
  method: "tools/call",
  params: {
    name: "test_log_levels",
    arguments: {},
    _meta: { "io.modelcontextprotocol/logLevel": wanted },
  },
});

/** What only a client of 2026-07-28 says. */
export const MODERN_LINES: readonly Line[] = [
  call("test_log_levels", {}, { name: "log nothing" }),
  logged("log everything", "debug"),
  logged("log errors", "error"),
  call("test_update_resource", { uri: "test://static-text" }, { name: "update another" }),
  call("test_update_resource", { uri: "test://watched-resource" }, { name: "update it", apart: 1 }),
  list("ping"),
  list("logging/setLevel"),
];

/** To a server that nobody wrote for this. */
export const EVERYTHING_LINES: readonly Line[] = [
  ...LISTS,
  call("echo", { message: "é 漢字 🙂" }),
  call("get-sum", { a: 9_007_199_254_740_991, b: 1 }),
  call("get-sum", { a: 0.1, b: 0.2 }, { name: "call get-sum with fractions" }),
  call("get-structured-content", { location: "Chicago" }),
  call("get-resource-links", { count: 4 }),
  call("get-resource-reference", { resourceType: "Text", resourceId: 2 }),
  call("get-tiny-image"),
  ...["error", "success", "debug"].map((messageType) =>
    call(
      "get-annotated-message",
      { messageType, includeImage: true },
      { name: `call get-annotated-message of ${messageType}` },
    ),
  ),
  withToken(call("trigger-long-running-operation", { duration: 0.4, steps: 4 }), "long"),
  call("trigger-long-running-operation", { duration: 0.1, steps: 2 }),
  call("trigger-elicitation-request"),
  call("trigger-sampling-request", { prompt: "seven", maxTokens: 20 }),
  call("get-roots-list"),
  prompt("simple-prompt"),
  prompt("args-prompt", { city: "Rome", state: "Lazio" }),
  prompt("completable-prompt", { department: "Sales", name: "Eve" }),
  prompt("resource-prompt", { resourceType: "Text", resourceId: "3" }),
  read("demo://resource/static/document/features.md"),
  read("demo://resource/dynamic/text/1"),
  read("demo://resource/dynamic/blob/1"),
  complete(
    "a name in a department",
    { type: "ref/prompt", name: "completable-prompt" },
    { name: "name", value: "" },
    { department: "Engineering" },
  ),
  complete(
    "a department",
    { type: "ref/prompt", name: "completable-prompt" },
    { name: "department", value: "S" },
  ),
  complete(
    "a part of a template",
    { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" },
    { name: "resourceId", value: "12" },
  ),
  call("get-sum", { a: "x" }, { name: "call get-sum with a word" }),
  call("get-sum", {}, { name: "call get-sum with nothing" }),
  call("nobody"),
  { ...prompt("args-prompt"), name: "prompt args-prompt without arguments" },
  prompt("nobody"),
  read("demo://nowhere"),
  read("demo://resource/dynamic/text/none"),
  { name: "an unknown method", method: "nonsense/method", params: {} },
  call("echo", { message: "go on" }, { name: "go on after all this" }),
];

/** What only a client of 2025-11-25 says. */
export const EVERYTHING_LEGACY_LINES: readonly Line[] = [
  level("error"),
  {
    name: "subscribe",
    method: "resources/subscribe",
    params: { uri: "demo://resource/dynamic/text/1" },
  },
  list("ping"),
];
