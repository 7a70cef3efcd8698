import * as z from "zod";

const CALL = z.looseObject({
  id: z.string().optional(),
  function: z.looseObject({ name: z.string(), arguments: z.unknown().optional() }),
});
const MESSAGE = z.looseObject({
  role: z.string(),
  content: z.unknown().optional(),
  name: z.string().optional(),
  tool_call_id: z.string().optional(),
  tool_calls: z.array(CALL).optional(),
});
const TOOL = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }).optional(),
});

/** A chat request as a provider reads it: loose, since each has rules of its own beyond this. */
export const CHAT_REQUEST = z.looseObject({
  model: z.string().optional(),
  messages: z.array(MESSAGE),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  tools: z.array(TOOL).optional(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
});
export type ChatRequest = z.infer<typeof CHAT_REQUEST>;
export type AskedMessage = z.infer<typeof MESSAGE>;

export function textOf({ content }: AskedMessage): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part: unknown) => {
      const text = z.looseObject({ text: z.string() }).safeParse(part);
      return text.success ? [text.data.text] : [];
    })
    .join("\n");
}

export function offeredNames({ tools }: ChatRequest): readonly string[] {
  return (tools ?? []).flatMap((tool) => (tool.function === undefined ? [] : [tool.function.name]));
}

/** The function that must be called, where the request names one. */
export function namedChoice({ tool_choice }: ChatRequest): string | undefined {
  const named = z.looseObject({ function: z.looseObject({ name: z.string() }) });
  return named.safeParse(tool_choice).data?.function.name;
}
