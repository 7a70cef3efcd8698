/** The language models of a config after parsing: one spelling, every default filled in. */
export type LlmConfig = Readonly<{
  /** In the order of the document: the first that knows a bare model name wins. */
  providers: readonly ProviderConfig[];
  /** What `mcp-gateway` is; an alias or `{provider}/{model}`, as written. */
  defaultModel: string | undefined;
  /** Names of our own for models, each to an alias-free `{provider}/{model}` or a bare model. */
  aliases: Readonly<Record<string, string>>;
  loop: LoopLimits;
}>;

export type ProviderConfig = Readonly<{
  /** `^[a-z][a-z0-9-]{0,30}$`; the first part of every model id of it. */
  name: string;
  profile: ProfileName;
  /** As written: may hold `${NAME}`; without a slash at the end. Empty for a Workers AI binding. */
  baseUrl: string;
  /** The name of a binding that answers in place of an address. */
  binding: string | undefined;
  /** As written: may hold `${NAME}`. */
  apiKey: string | undefined;
  /** As written: values may hold `${NAME}`. */
  headers: Readonly<Record<string, string>>;
  /** Azure's `api-version`. */
  apiVersion: string | undefined;
  /** Empty: all that the provider lists. Ids may be globs, which then narrow that list. */
  models: readonly ModelEntry[];
  /** Silence longer than this ends a request: before the first byte, and between two reads. */
  timeoutMs: number;
  maxRetries: number;
  /** Pictures in tool results are shown to its models. */
  images: boolean;
  /** How many tools one request may have; beyond it they are searched for. */
  maxTools: number;
}>;

export type ModelEntry = Readonly<{ id: string; name?: string; tags: readonly string[] }>;

/** Of one answer, over all its turns. */
export type LoopLimits = Readonly<{
  /** Requests to the model in which it may call tools; one more follows without. */
  maxTurns: number;
  maxCalls: number;
  maxMs: number;
  /** Completion tokens over all turns; undefined: no bound but the provider's. */
  maxTokens: number | undefined;
  toolTimeoutMs: number;
  /** Characters of one tool result that the model reads. */
  maxResultChars: number;
  /** What happens to our calls when the model makes calls of the client in the same turn. */
  mixed: "defer" | "execute";
  /** For credentials that say nothing themselves. */
  approvals: Approvals;
}>;

/** Which calls a person has to allow: none, those not marked read-only, or all. */
export const APPROVALS = ["never", "ask", "always"] as const;
export type Approvals = (typeof APPROVALS)[number];

/** How one sees tools at work: Open WebUI status events, lines in the text, reasoning, cards, not. */
export const PROGRESS_STYLES = ["auto", "events", "text", "reasoning", "details", "none"] as const;
export type ProgressStyle = (typeof PROGRESS_STYLES)[number];

export const PROFILE_NAMES = [
  "openai",
  "azure",
  "openrouter",
  "ollama",
  "vllm",
  "llama.cpp",
  "workers-ai",
  "ai-gateway",
  "gemini",
  "anthropic",
  "mistral",
  "deepseek",
  "generic",
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export const DEFAULT_LOOP: LoopLimits = {
  maxTurns: 10,
  maxCalls: 50,
  // Open WebUI may end a whole stream after 300 s: by then the answer has been wound up.
  maxMs: 270_000,
  maxTokens: undefined,
  toolTimeoutMs: 60_000,
  maxResultChars: 100_000,
  mixed: "defer",
  approvals: "never",
};
