import type { ChatUsage } from "./chat-event.ts";

/**
 * Usage where no language model took part, so that no tokenizer applies: a token is a word, that is
 * a run of characters without white space. Exact and repeatable, and not a bill.
 */
export function wordUsage(prompt: readonly string[], answer: string): ChatUsage {
  const asked = prompt.reduce((sum, text) => sum + countWords(text), 0);
  const said = countWords(answer);
  return { prompt_tokens: asked, completion_tokens: said, total_tokens: asked + said };
}

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
