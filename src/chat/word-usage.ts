export type ChatUsage = Readonly<{
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}>;

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
  let count = 0;
  // One at a time: a list of every word of a large prompt would fill the isolate.
  for (const _ of text.matchAll(/\S+/g)) count += 1;
  return count;
}
