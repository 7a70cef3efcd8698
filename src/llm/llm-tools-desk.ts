import type { LanguageModels, LlmContext } from "./language-models.ts";
import type { TellProgress } from "./llm-tools-progress.ts";

/** What a call of one of `LLM_TOOLS` is run with. */
export type LlmDesk = Readonly<{
  models: LanguageModels;
  context: LlmContext;
  /** Whether the caller may use a model, by its id or alias: one it may not is unknown to it. */
  mayUse: (id: string) => boolean;
  /** Asked where a call names neither model nor provider. */
  defaultModel: string | undefined;
  /** Undefined where nobody wants to hear. */
  onProgress: TellProgress | undefined;
  now: () => number;
}>;
