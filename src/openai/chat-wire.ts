import * as z from "zod";
import { OpenaiRefusal } from "./openai-errors.ts";

/**
 * The part of a chat request that decides something here. Everything else (sampling parameters,
 * the client's own `tools`, keys of other vendors) passes unread: Open WebUI merges custom ones in.
 */
const CHAT_REQUEST = z.looseObject({
  model: z.string().max(300),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.unknown().optional() }))
    .max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  // One answer is all a deterministic model has.
  n: z.literal(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
});

const CONTENT_PART = z.looseObject({ type: z.literal("text"), text: z.string() });

export type ChatRequest = Readonly<{
  model: string;
  /** What the user said last; empty when it was only images. */
  question: string;
  stream: boolean;
  includeUsage: boolean;
  /** Every text of the conversation, for the usage numbers. */
  texts: readonly string[];
}>;

/** Throws an `OpenaiRefusal` that names the parameter. */
export function parseChatRequest(body: unknown): ChatRequest {
  const parsed = CHAT_REQUEST.safeParse(body);
  if (!parsed.success) throw refusalOf(parsed.error.issues[0]);
  const { model, messages, stream, stream_options } = parsed.data;
  const asked = messages.findLast((message) => message.role === "user");
  if (asked === undefined) {
    throw new OpenaiRefusal("invalid_params", "No user message found", {
      param: "messages",
      code: "invalid_value",
    });
  }
  return {
    model,
    question: textOf(asked.content),
    stream: stream === true,
    includeUsage: stream_options?.include_usage === true,
    texts: messages.map((message) => textOf(message.content)),
  };
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
