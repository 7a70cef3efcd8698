import type { Prompt, Resource, ResourceTemplate, Tool } from "@modelcontextprotocol/sdk/types.js";

/** What the conformance server lists, in both eras. */

const none = { type: "object" as const, properties: {} };

function tool(name: string, description: string, inputSchema: Tool["inputSchema"] = none): Tool {
  return { name, description, inputSchema };
}

function oneString(name: string): Tool["inputSchema"] {
  return { type: "object", properties: { [name]: { type: "string" } }, required: [name] };
}

/** What the official suite calls. */
const SUITE_TOOLS: Tool[] = [
  tool("test_simple_text", "Answers with text"),
  tool("test_image_content", "Answers with an image"),
  tool("test_audio_content", "Answers with audio"),
  tool("test_embedded_resource", "Answers with an embedded resource"),
  tool("test_multiple_content_types", "Answers with text, an image and a resource"),
  tool("test_tool_with_logging", "Logs while it runs"),
  tool("test_error_handling", "Always fails"),
  tool("test_tool_with_progress", "Reports progress while it runs"),
  tool("test_sampling", "Asks the client's model", oneString("prompt")),
  tool("test_elicitation", "Asks the client's user", oneString("message")),
  tool("test_elicitation_sep1034_defaults", "Asks with default values"),
  tool("test_elicitation_sep1330_enums", "Asks with every form of enum"),
  tool("test_reconnection", "Closes its stream while it runs"),
  tool("json_schema_2020_12_tool", "Has a schema with every keyword", {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: {
      address: {
        $anchor: "addressDef",
        type: "object",
        properties: { street: { type: "string" }, city: { type: "string" } },
      },
    },
    properties: {
      name: { type: "string" },
      address: { $ref: "#/$defs/address" },
      contactMethod: { type: "string", enum: ["phone", "email"] },
      phone: { type: "string" },
      email: { type: "string" },
    },
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    // oxlint-disable-next-line unicorn/no-thenable
    then: { required: ["phone"] },
    else: { required: ["email"] },
    additionalProperties: false,
  }),
  tool("test_logging_tool", "Logs while it runs"),
  tool("test_header_param", "Has a parameter that travels in a header as well", {
    type: "object",
    properties: { region: { type: "string", "x-mcp-header": "Region" } },
    required: ["region"],
  }),
  tool("test_trigger_tool_change", "Changes the list of tools"),
  tool("test_trigger_prompt_change", "Changes the list of prompts"),
  tool("test_missing_capability", "Needs a client with a model"),
  tool("test_streaming_elicitation", "Reports progress, then asks the client's user"),
  tool("test_input_required_result_elicitation", "Asks for a name"),
  tool("test_input_required_result_sampling", "Asks the client's model"),
  tool("test_input_required_result_list_roots", "Asks for the client's roots"),
  tool("test_input_required_result_request_state", "Asks, and wants its state back"),
  tool("test_input_required_result_tampered_state", "Asks, and wants its state back unchanged"),
  tool("test_input_required_result_multiple_inputs", "Asks three things at once"),
  tool("test_input_required_result_multi_round", "Asks one thing after another"),
  tool("test_input_required_result_capabilities", "Asks what the client can answer"),
];

/** What the suite calls of the tasks extension, which only the modern revision has. */
const TASK_TOOLS: Tool[] = [
  tool("greet", "Greets", oneString("name")),
  tool("slow_compute", "Takes its time", {
    type: "object",
    properties: { seconds: { type: "number" }, label: { type: "string" } },
    required: ["seconds"],
  }),
  tool("failing_job", "Says after a while that it has failed"),
  tool("protocol_error_job", "Breaks"),
  tool("confirm_delete", "Asks before it deletes", oneString("filename")),
  tool("multi_input", "Asks two things at once"),
  tool("test_tool_with_task", "Asks for a name and then takes its time"),
];

/** What the suite does not ask for, and our own tests do. */
const OWN_TOOLS: Tool[] = [
  {
    ...tool("echo", "Answers with its arguments", { type: "object", additionalProperties: true }),
    annotations: { readOnlyHint: true },
    _meta: { "example.com/kept": { nested: [1, null] } },
  },
  tool("wait", "Never answers by itself"),
  tool("test_slow", "Answers after a while", {
    type: "object",
    properties: { ms: { type: "number" }, progress: { type: "number" } },
    required: ["ms"],
  }),
  tool("test_log_levels", "Logs one line of every level"),
  tool("test_trigger_resource_change", "Changes the list of resources"),
  tool("test_update_resource", "Says that a resource has changed", oneString("uri")),
  tool("test_list_roots", "Asks for the client's roots"),
  tool("test_elicitation_url", "Sends the client's user to a page"),
  tool("test_two_questions", "Asks the client's user two things at the same time"),
  tool("test_whoami_elicitation", "Asks whoever told it the secret", oneString("secret")),
  tool("test_url_required", "Works once a person has been at a page", {
    type: "object",
    properties: { id: { type: "string" }, done: { type: "boolean" } },
  }),
  tool("test_known_roots", "Answers the roots it heard of when the session began"),
];

export const TOOLS: Tool[] = [...SUITE_TOOLS, ...OWN_TOOLS];
export const MODERN_TOOLS: Tool[] = [...TOOLS, ...TASK_TOOLS];

export const RESOURCES: Resource[] = [
  { uri: "test://static-text", name: "Static text", mimeType: "text/plain" },
  { uri: "test://static-binary", name: "Static binary", mimeType: "image/png" },
  { uri: "test://watched-resource", name: "Watched", mimeType: "text/plain" },
];
export const TEMPLATES: ResourceTemplate[] = [
  { uriTemplate: "test://template/{id}/data", name: "Template", mimeType: "application/json" },
];
export const PROMPTS: Prompt[] = [
  { name: "test_simple_prompt", description: "A prompt without arguments" },
  {
    name: "test_prompt_with_arguments",
    description: "A prompt with arguments",
    arguments: [
      { name: "arg1", description: "First", required: true },
      { name: "arg2", description: "Second", required: true },
    ],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "A prompt with a resource",
    arguments: [{ name: "resourceUri", description: "Which", required: true }],
  },
  { name: "test_prompt_with_image", description: "A prompt with an image" },
  { name: "test_input_required_result_prompt", description: "A prompt that asks for its context" },
];

export const COMPLETION = {
  completion: { values: ["paris", "park", "party"], total: 150, hasMore: true },
};
