import type { ListedTool } from "../catalog/listing.ts";
import type { JsonObject } from "../core/json.ts";

/** What a caller gets who says nothing: enough for a long answer, and it ends. */
export const DEFAULT_MAX_TOKENS = 4_096;

const TEXT = { type: "string" };
const OPTIONAL_TEXT = { type: ["string", "null"] };
const FLAG = { type: "boolean" };

function objectOf(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: "object", properties, required };
}

function listOf(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: "array", items: objectOf(properties, required) };
}

const MESSAGES: JsonObject = {
  type: "array",
  minItems: 1,
  description: "The conversation so far, oldest message first",
  items: {
    type: "object",
    properties: {
      role: {
        type: "string",
        enum: ["system", "developer", "user", "assistant", "tool"],
        description: "Who speaks",
      },
      content: {
        anyOf: [{ type: "string" }, { type: "array", items: { type: "object" } }, { type: "null" }],
        description:
          'A text, or OpenAI content parts: {"type":"text","text":"…"} and {"type":"image_url","image_url":{"url":"https://… or data:…"}}',
      },
      tool_calls: {
        type: "array",
        items: { type: "object" },
        description: "Calls the assistant made in an earlier answer",
      },
      tool_call_id: { type: "string", description: 'For role "tool": the call this answers' },
    },
    required: ["role"],
  },
};

const CHAT_COMPLETION: ListedTool = {
  name: "chat_completion",
  description:
    'Ask a language model and get its whole answer as an OpenAI chat completion. "model" takes an id of list_models, an alias or a tag of list_tags; without it the default model answers. If "finish_reason" is "length", the answer was cut off at max_tokens: ask again with a larger max_tokens. Calls of "tools" are returned, not carried out.',
  inputSchema: objectOf(
    {
      messages: MESSAGES,
      model: {
        type: "string",
        description:
          "An id of list_models, an alias or a tag of list_tags (e.g. 'opus'). Default: the configured default model",
      },
      provider: {
        type: "string",
        description:
          "A provider of list_providers, where more than one has the model. Default: the first that has it",
      },
      temperature: {
        type: "number",
        minimum: 0,
        maximum: 2,
        description: "Sampling temperature (0-2)",
      },
      max_tokens: {
        type: "integer",
        minimum: 1,
        default: DEFAULT_MAX_TOKENS,
        description: `Most tokens of the answer. Default: ${DEFAULT_MAX_TOKENS}. Increase it if the answer was cut off (finish_reason "length"): 100-500 for short answers, 500-2000 for medium ones, more for long ones.`,
      },
      top_p: { type: "number", minimum: 0, maximum: 1, description: "Nucleus sampling (0-1)" },
      stop: {
        anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, maxItems: 4 }],
        description: "Texts that end the answer",
      },
      seed: { type: "integer", description: "For answers that can be repeated, where supported" },
      reasoning_effort: {
        type: "string",
        description: "How much a reasoning model thinks: minimal, low, medium or high",
      },
      response_format: {
        type: "object",
        description:
          'OpenAI\'s: {"type":"json_object"}, or {"type":"json_schema","json_schema":{"name":"…","schema":{…}}}',
      },
      tools: {
        type: "array",
        items: { type: "object" },
        description:
          'Functions the model may call, as OpenAI writes them: {"type":"function","function":{"name":"…","description":"…","parameters":{…}}}',
      },
      tool_choice: {
        anyOf: [{ type: "string" }, { type: "object" }],
        description: '"auto", "none", "required" or {"type":"function","function":{"name":"…"}}',
      },
    },
    ["messages"],
  ),
  outputSchema: objectOf(
    {
      id: TEXT,
      object: TEXT,
      created: { type: "integer" },
      model: TEXT,
      provider: TEXT,
      choices: listOf(
        {
          index: { type: "integer" },
          message: { type: "object" },
          finish_reason: { type: "string" },
        },
        ["index", "message", "finish_reason"],
      ),
      usage: { type: "object" },
    },
    ["id", "object", "created", "model", "provider", "choices"],
  ),
  // Each answer costs money and tells a third party what was asked.
  annotations: {
    title: "Ask a language model",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
};

const ONE_PROVIDER: JsonObject = objectOf(
  { provider: { type: "string", description: "Only of this provider. Default: of all" } },
  [],
);

const LIST_MODELS: ListedTool = {
  name: "list_models",
  description:
    "List the language models one can ask with chat_completion, with their tags, and the providers that did not tell theirs",
  inputSchema: ONE_PROVIDER,
  outputSchema: objectOf(
    {
      models: listOf(
        {
          id: TEXT,
          display_name: TEXT,
          provider: TEXT,
          capabilities: { type: "object" },
          tags: { type: "array", items: TEXT },
          created: { type: "integer" },
          owned_by: TEXT,
        },
        ["id", "display_name", "provider", "capabilities"],
      ),
      provider: OPTIONAL_TEXT,
      problems: listOf({ provider: TEXT, message: TEXT }, ["provider", "message"]),
    },
    ["models", "provider"],
  ),
  annotations: { title: "List language models", readOnlyHint: true },
};

const LIST_PROVIDERS: ListedTool = {
  name: "list_providers",
  description: "List the configured providers of language models, and which one answers by default",
  inputSchema: objectOf({}, []),
  outputSchema: objectOf(
    {
      providers: listOf({ id: TEXT, type: TEXT, isDefault: FLAG }, ["id", "type", "isDefault"]),
      default_provider: TEXT,
    },
    ["providers"],
  ),
  annotations: { title: "List providers", readOnlyHint: true, openWorldHint: false },
};

const LIST_TAGS: ListedTool = {
  name: "list_tags",
  description:
    "List the tags and aliases that chat_completion takes for a model, and which model each stands for",
  inputSchema: ONE_PROVIDER,
  outputSchema: objectOf(
    {
      providers: listOf({ id: TEXT, isDefault: FLAG }, ["id", "isDefault"]),
      tags: listOf({ tag: TEXT, provider: TEXT, model: TEXT }, ["tag", "provider", "model"]),
      aliases: listOf({ alias: TEXT, provider: TEXT, model: TEXT }, ["alias", "model"]),
    },
    ["providers", "tags", "aliases"],
  ),
  annotations: { title: "List tags and aliases", readOnlyHint: true, openWorldHint: false },
};

/** Language models as tools: the names and arguments of AnyGPT's MCP server, without its prefix. */
export const LLM_TOOLS: readonly ListedTool[] = [
  CHAT_COMPLETION,
  LIST_MODELS,
  LIST_PROVIDERS,
  LIST_TAGS,
];
