import type {
  CallToolResult,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  Tool,
} from "@modelcontextprotocol/sdk/types.js";

/**
 * What the official conformance suite expects a server to offer, in neither era: the servers in
 * this folder put it on the wire.
 */

/** How a tool speaks to its client while it runs. */
export type Back = Readonly<{
  progress: (progress: number, total: number) => Promise<void>;
  log: (text: string) => Promise<void>;
  /** Asks the client; legacy only. */
  request: (method: string, params: Record<string, unknown>) => Promise<Record<string, unknown>>;
  closeStream: () => void;
  signal: AbortSignal;
}>;

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

const none = { type: "object" as const, properties: {} };

function tool(name: string, description: string, inputSchema: Tool["inputSchema"] = none): Tool {
  return { name, description, inputSchema };
}

function oneString(name: string): Tool["inputSchema"] {
  return { type: "object", properties: { [name]: { type: "string" } }, required: [name] };
}

export const TOOLS: Tool[] = [
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
  // Ours: what the suite does not ask for.
  {
    ...tool("echo", "Answers with its arguments", { type: "object", additionalProperties: true }),
    annotations: { readOnlyHint: true },
    _meta: { "example.com/kept": { nested: [1, null] } },
  },
  tool("wait", "Never answers by itself"),
];

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
];

export async function callTool(
  name: string,
  args: Record<string, unknown>,
  back: Back,
): Promise<CallToolResult | undefined> {
  const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
  switch (name) {
    case "test_simple_text":
      return text("This is a simple text response for testing.");
    case "test_image_content":
      return { content: [image] };
    case "test_audio_content":
      return { content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] };
    case "test_embedded_resource":
      return {
        content: [
          embedded(
            "test://embedded-resource",
            "text/plain",
            "This is an embedded resource content.",
          ),
        ],
      };
    case "test_multiple_content_types":
      return {
        content: [
          { type: "text", text: "Multiple content types test:" },
          image,
          embedded("test://mixed-content-resource", "application/json", '{"test":"data"}'),
        ],
      };
    case "test_logging_tool":
    case "test_tool_with_logging":
      for (const line of [
        "Tool execution started",
        "Tool processing data",
        "Tool execution completed",
      ]) {
        await back.log(line);
        await pause(50);
      }
      return text("Tool with logging executed successfully");
    case "test_error_handling":
      return { ...text("This tool intentionally returns an error for testing"), isError: true };
    case "test_tool_with_progress":
      for (const progress of [0, 50, 100]) {
        await back.progress(progress, 100);
        await pause(50);
      }
      return text("Tool with progress executed successfully");
    case "test_sampling":
      return sample(String(args["prompt"]), back);
    case "test_elicitation":
      return elicit(String(args["message"]), USER, back);
    case "test_elicitation_sep1034_defaults":
      return elicit("Please review", DEFAULTS, back);
    case "test_elicitation_sep1330_enums":
      return elicit("Please choose", ENUMS, back);
    case "test_reconnection":
      back.closeStream();
      await pause(100);
      return text("Reconnection test completed successfully");
    case "json_schema_2020_12_tool":
    case "test_header_param":
    case "echo":
      return text(JSON.stringify(args));
    case "wait":
      await new Promise<void>((resolve) => {
        back.signal.addEventListener("abort", () => resolve());
      });
      return text("aborted");
    default:
      return undefined;
  }
}

export function readResource(uri: string): ReadResourceResult | undefined {
  if (uri === "test://static-text") {
    return contents(uri, "text/plain", "This is the content of the static text resource.");
  }
  if (uri === "test://watched-resource") return contents(uri, "text/plain", "Watched content");
  if (uri === "test://static-binary") {
    return { contents: [{ uri, mimeType: "image/png", blob: PNG }] };
  }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  const data = { id, templateTest: true, data: `Data for ID: ${id}` };
  return contents(uri, "application/json", JSON.stringify(data));
}

export function getPrompt(
  name: string,
  args: Readonly<Record<string, string>>,
): GetPromptResult | undefined {
  switch (name) {
    case "test_simple_prompt":
      return prompt({ type: "text", text: "This is a simple prompt for testing." });
    case "test_prompt_with_arguments":
      return prompt({
        type: "text",
        text: `Prompt with arguments: arg1='${args["arg1"]}', arg2='${args["arg2"]}'`,
      });
    case "test_prompt_with_embedded_resource":
      return prompt(
        embedded(args["resourceUri"] ?? "", "text/plain", "Embedded resource content for testing."),
        { type: "text", text: "Please process the embedded resource above." },
      );
    case "test_prompt_with_image":
      return prompt(
        { type: "image", data: PNG, mimeType: "image/png" },
        { type: "text", text: "Please analyze the image above." },
      );
    default:
      return undefined;
  }
}

export const COMPLETION = {
  completion: { values: ["paris", "park", "party"], total: 150, hasMore: true },
};

async function sample(promptText: string, back: Back): Promise<CallToolResult> {
  const result = await back.request("sampling/createMessage", {
    messages: [{ role: "user", content: { type: "text", text: promptText } }],
    maxTokens: 100,
  });
  return text(`LLM response: ${JSON.stringify(result["content"])}`);
}

async function elicit(
  message: string,
  properties: Record<string, unknown>,
  back: Back,
): Promise<CallToolResult> {
  const requestedSchema = { type: "object", properties, required: [] };
  const result = await back.request("elicitation/create", { message, requestedSchema });
  return text(
    `Elicitation completed: action=${String(result["action"])}, content=${JSON.stringify(result["content"] ?? {})}`,
  );
}

const USER = {
  username: { type: "string", description: "User's response" },
  email: { type: "string", description: "User's email address" },
};
const DEFAULTS = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};
const TITLED = [
  { const: "value1", title: "First Option" },
  { const: "value2", title: "Second Option" },
  { const: "value3", title: "Third Option" },
];
const ENUMS = {
  untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
  titledSingle: { type: "string", oneOf: TITLED },
  legacyEnum: {
    type: "string",
    enum: ["opt1", "opt2", "opt3"],
    enumNames: ["Option One", "Option Two", "Option Three"],
  },
  untitledMulti: {
    type: "array",
    items: { type: "string", enum: ["option1", "option2", "option3"] },
  },
  titledMulti: { type: "array", items: { anyOf: TITLED } },
};

type Content = CallToolResult["content"][number];

function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

function embedded(uri: string, mimeType: string, value: string): Content {
  return { type: "resource", resource: { uri, mimeType, text: value } };
}

function contents(uri: string, mimeType: string, value: string): ReadResourceResult {
  return { contents: [{ uri, mimeType, text: value }] };
}

function prompt(...parts: Content[]): GetPromptResult {
  return { messages: parts.map((content) => ({ role: "user", content })) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
