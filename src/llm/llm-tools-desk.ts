import type { LanguageModels, LlmContext } from "./language-models.ts";
import type { TellProgress } from "./llm-tools-progress.ts";

/** What a call of one of `LLM_TOOLS` is run with. */
export type LlmDesk = Readonly<{
  models: LanguageModels;
  context: LlmContext;
  /** Undefined where nobody wants to hear. */
  onProgress: TellProgress | undefined;
  now: () => number;
}>;
