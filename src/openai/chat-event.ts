/** What a model says while it answers, whoever it is; told as a stream or as one completion. */
export type ChatEvent = Readonly<{ kind: "text"; text: string }>;

/** What all parts of one answer have in common. */
export type AnswerHead = Readonly<{ id: string; created: number; model: string }>;

export type ChatUsage = Readonly<{
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}>;

export function openAnswer(model: string, now: number): AnswerHead {
  return {
    id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(now / 1000),
    model,
  };
}
