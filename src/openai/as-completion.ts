import type { AnswerHead, ChatEvent, ChatUsage } from "./chat-event.ts";

export type Completion = Readonly<{
  head: AnswerHead;
  usageOf: (answer: string) => ChatUsage;
}>;

/** The whole answer as one `chat.completion`. */
export async function asCompletion(
  events: AsyncIterable<ChatEvent>,
  { head, usageOf }: Completion,
): Promise<Record<string, unknown>> {
  let content = "";
  for await (const event of events) content += event.text;
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: usageOf(content),
  };
}
