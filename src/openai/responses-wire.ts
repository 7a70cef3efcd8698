import * as z from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { type ChatRequest, parseChatRequest } from "./chat-wire.ts";
import { parseInput, type ResponsesInput } from "./responses-input.ts";
import { invalid, unsupported } from "./responses-refusal.ts";
import { parseTools, type ResponsesTools } from "./responses-tools.ts";

/** A request of the Responses API, put as the chat it comes to. */
export type ResponsesRequest = Readonly<{
  /** With the client's own tools; a tool choice that names a server is in `tools`. */
  chat: ChatRequest;
  input: ResponsesInput;
  tools: ResponsesTools;
  /** Of calls of our tools, over the whole answer. */
  maxToolCalls: number | undefined;
  /** As it came. */
  body: JsonObject;
}>;

const REQUEST = z.looseObject({
  instructions: z.string().nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
});

const NO_MEMORY = "this gateway keeps nothing of earlier answers, so send the whole conversation";
/** They need a memory of answers, or prompts that are kept. */
const UNSUPPORTED = {
  previous_response_id: NO_MEMORY,
  conversation: NO_MEMORY,
  prompt: 'this gateway keeps no prompts, so send "instructions" and "input"',
} as const;

/** What the Responses API says of itself; a provider of chat knows none of it. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "text",
  "reasoning",
  "max_output_tokens",
  "max_tool_calls",
  "include",
  "store",
  "background",
  "truncation",
  "top_logprobs",
  "stream_options",
  "context_management",
  "conversation",
  "previous_response_id",
  "prompt",
  // Chat refuses it unless the answer is stored.
  "metadata",
  "n",
]);

/** Throws an `OpenaiRefusal` that names the parameter. */
export function parseResponsesRequest(body: unknown): ResponsesRequest {
  if (!isJsonObject(body)) throw invalid("input", "the request body is not a JSON object");
  for (const [name, why] of Object.entries(UNSUPPORTED)) {
    if (body[name] !== undefined && body[name] !== null) throw unsupported(name, why);
  }
  if (body["background"] === true) {
    throw unsupported("background", "an answer comes in the reply to its request");
  }
  const parsed = REQUEST.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(String(issue?.path[0] ?? "input"), issue?.message ?? "not a request");
  }
  const tools = parseTools(body["tools"], body["tool_choice"]);
  const input = parseInput(body["input"], parsed.data.instructions ?? undefined);
  if (!input.messages.some(({ role }) => role !== "system")) {
    throw invalid("input", "nothing is said in it; the whole conversation is wanted");
  }
  const passed = Object.entries(body).filter(([name]) => !OWN_FIELDS.has(name));
  const chat = {
    ...Object.fromEntries(passed),
    messages: input.messages,
    ...(tools.functions.length === 0 ? {} : { tools: tools.functions }),
    ...renamed(body, tools),
  };
  return {
    chat: parseChatRequest(chat),
    input,
    tools,
    maxToolCalls: parsed.data.max_tool_calls ?? undefined,
    body,
  };
}

/** What chat has under another name or in another place. */
function renamed(body: JsonObject, { choice }: ResponsesTools): JsonObject {
  const { text, reasoning, max_output_tokens: most, top_logprobs: near, include } = body;
  const wantsNear = typeof near === "number" && near > 0;
  const wantsLogprobs =
    wantsNear || (Array.isArray(include) && include.includes("message.output_text.logprobs"));
  const shown = isJsonObject(text) ? text : {};
  const members: JsonObject = {
    max_completion_tokens: most,
    tool_choice: choice.kind === "chat" ? choice.choice : undefined,
    reasoning_effort: isJsonObject(reasoning) ? reasoning["effort"] : undefined,
    response_format: responseFormat(shown["format"]),
    verbosity: shown["verbosity"],
    logprobs: wantsLogprobs ? true : undefined,
    top_logprobs: wantsNear ? near : undefined,
  };
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** A schema stands flat here, and in a member of its own in chat. */
function responseFormat(format: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(format) || format["type"] === "text") return undefined;
  const { type, ...schema } = format;
  if (type !== "json_schema" || isJsonObject(format["json_schema"])) return format;
  return { type, json_schema: schema };
}
