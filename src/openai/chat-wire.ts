import * as z from "zod";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { OpenaiRefusal } from "./openai-errors.ts";

const TOOL_SHAPE =
  'expected {"type": "function", "function": {"name", "description", "parameters"}}';

/**
 * Other kinds of tools are the provider's business. One written as `/v1/responses` has it, with the
 * name outside, is a common slip, which a provider tells without saying where.
 */
const TOOL = z
  .looseObject({})
  .refine(({ function: own, name }) => isJsonObject(own) || name === undefined, TOOL_SHAPE);

/**
 * The part of a chat request that decides something here. Everything else (sampling parameters,
 * keys of other vendors) passes unread: Open WebUI merges custom ones in, and a provider checks its
 * own.
 */
const CHAT_REQUEST = z.looseObject({
  model: z.string().max(300),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.unknown().optional() }))
    .max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(TOOL).max(1_000).nullish(),
  n: z.int().min(1).max(128).nullish(),
});

/** What no provider checks where none is asked. */
const UNPROVIDED = z.looseObject({
  // One answer is all a deterministic model has.
  n: z.literal(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
});

const CONTENT_PART = z.looseObject({ type: z.literal("text"), text: z.string() });

export type ChatRequest = Readonly<{
  /** As it came. */
  body: JsonObject;
  model: string;
  /** What the user said last; empty when it was only images, or nobody said anything. */
  question: string;
  /** The same, while it waits for an answer: empty when calls or an answer follow it already. */
  word: string;
  stream: boolean;
  includeUsage: boolean;
  /** How many answers are wanted. */
  n: number;
  /** Every text of the conversation, for the usage numbers. */
  texts: readonly string[];
}>;

/** Throws an `OpenaiRefusal` that names the parameter. */
export function parseChatRequest(body: unknown): ChatRequest {
  const parsed = CHAT_REQUEST.safeParse(body);
  if (!parsed.success || !isJsonObject(body)) throw refusalOf(parsed.error?.issues[0]);
  const { model, messages, stream, stream_options, n } = parsed.data;
  const asked = messages.findLast((message) => message.role === "user");
  const last = messages.findLast(({ role }) => role !== "system" && role !== "developer");
  return {
    body,
    model,
    question: asked === undefined ? "" : textOf(asked.content),
    word: last?.role === "user" ? textOf(last.content) : "",
    stream: stream === true,
    includeUsage: stream_options?.include_usage === true,
    n: n ?? 1,
    texts: messages.map((message) => textOf(message.content)),
  };
}

/** For the model that answers without a provider. Throws an `OpenaiRefusal`. */
export function requireAnswerable({ body }: ChatRequest): void {
  const parsed = UNPROVIDED.safeParse(body);
  if (!parsed.success) throw refusalOf(parsed.error.issues[0]);
  const { messages } = body;
  const isAsked =
    Array.isArray(messages) &&
    messages.some((message) => isJsonObject(message) && message["role"] === "user");
  if (isAsked) return;
  throw new OpenaiRefusal("invalid_params", "No user message found", {
    param: "messages",
    code: "invalid_value",
  });
}

function refusalOf(issue: z.core.$ZodIssue | undefined): OpenaiRefusal {
  const param = pathOf(issue?.path ?? []);
  const what = param === "" ? "the request body" : `"${param}"`;
  return new OpenaiRefusal(
    "invalid_params",
    `Cannot read ${what}: ${issue?.message ?? "not a chat request"}`,
    { ...(param === "" ? {} : { param }), code: "invalid_value" },
  );
}

/** `messages[0].role`, as OpenAI writes it. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}

/** Content is a string or a list of parts, of which only the text ones are read. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part: unknown) => {
      const parsed = CONTENT_PART.safeParse(part);
      return parsed.success ? [parsed.data.text] : [];
    })
    .join("\n");
}
