import type { ProfileName } from "../config/llm-config.ts";

/** What one dialect of OpenAI's API takes, as far as it differs; one line of reason each. */
export type ProfileFacts = Readonly<{
  /** Fields of a request; undefined: whatever the client sends, unknown ones refuse themselves. */
  fields?: ReadonlySet<string>;
  /**
   * `by model`: OpenAI's newer models know only `max_completion_tokens`, all else only the older
   * name. `either`: the newer is known for all models, but the older not for OpenAI's newer ones.
   */
  maxTokens: "either" | "by model" | "max_tokens";
  /** Otherwise it is `system`. */
  developerRole?: true;
  /** Its streams tell their usage unasked, and being asked is an error. */
  usageUnasked?: true;
  /** Which values of `tool_choice` count; a named function can be shown alone instead. */
  toolChoice: "all" | "no name" | "none";
  temperatureMax: number;
  /** Fields of a message; undefined: all. */
  messageFields?: ReadonlySet<string>;
  /** What it wants back with its own calls goes back. */
  callExtras?: true;
  /** Ids it takes; others are replaced, the same way everywhere. */
  callIds?: RegExp;
  /** It reads the arguments of earlier calls itself and fails where they are no JSON. */
  parsesArguments?: true;
  /** Texts in parts become one text. */
  plainText?: true;
  /** `content: null` and empty texts of a user are refused. */
  fullContent?: true;
  /** What may not stand right after the message of a tool. */
  speaksAfterTools?: true;
}>;

/**
 * What bears on the answer and most servers know, with what llama.cpp, vLLM and their like share.
 * Left out is OpenAI's own business: who the user is, what is kept and what it costs.
 */
const GENERIC = words(
  "chat_template_kwargs frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages min_p model n parallel_tool_calls presence_penalty reasoning_effort repetition_penalty response_format seed stop stream stream_options temperature tool_choice tools top_k top_logprobs top_p",
);
/** Google's endpoint refuses a request over any name it does not know. */
const GEMINI = words(
  "audio extra_body frequency_penalty logprobs max_completion_tokens max_tokens messages modalities model n presence_penalty reasoning_effort response_format seed stop stream stream_options temperature tool_choice tools top_logprobs top_p user web_search_options",
);
/** Mistral's schema forbids extra fields. */
const MISTRAL = words(
  "frequency_penalty max_tokens messages metadata model n parallel_tool_calls prediction presence_penalty prompt_mode random_seed reasoning_effort response_format safe_prompt stop stream temperature tool_choice tools top_p",
);
/** Its models take what their schemas list. */
const WORKERS_AI = words(
  "chat_template_kwargs frequency_penalty lora max_tokens messages model presence_penalty reasoning_effort repetition_penalty response_format seed stream temperature tools top_k top_p",
);

const PLAIN = words("role content name tool_calls tool_call_id function_call");
const OPENAI_MESSAGE = new Set([...PLAIN, "refusal", "audio"]);
/** Reasoning goes back to the model it came from. */
const REASONING = new Set([
  ...PLAIN,
  ...words("reasoning reasoning_content reasoning_details extra_content annotations"),
]);

/** OpenAI's limit; ids of other providers in the same chat are longer. */
const OPENAI_IDS = /^.{1,40}$/;

const OPENAI: ProfileFacts = {
  maxTokens: "either",
  developerRole: true,
  toolChoice: "all",
  temperatureMax: 2,
  messageFields: OPENAI_MESSAGE,
  callIds: OPENAI_IDS,
};

/** An open model behind a chat template, which reads the arguments of calls as JSON. */
const LOCAL = {
  maxTokens: "max_tokens",
  temperatureMax: 2,
  messageFields: REASONING,
  parsesArguments: true,
} as const;

export const PROFILE_FACTS: Readonly<Record<ProfileName, ProfileFacts>> = {
  openai: OPENAI,
  azure: OPENAI,
  openrouter: {
    maxTokens: "either",
    toolChoice: "all",
    temperatureMax: 2,
    messageFields: REASONING,
    callExtras: true,
  },
  // It reads `tool_choice` and ignores it, `none` too.
  ollama: { ...LOCAL, toolChoice: "none" },
  vllm: { ...LOCAL, toolChoice: "all" },
  // Its `tool_choice` is a word.
  "llama.cpp": { ...LOCAL, toolChoice: "no name", plainText: true },
  // A forced call comes out as text; a text that is null is refused.
  "workers-ai": {
    ...LOCAL,
    fields: WORKERS_AI,
    messageFields: PLAIN,
    toolChoice: "none",
    usageUnasked: true,
    plainText: true,
    fullContent: true,
  },
  // Whoever stands behind it: what came from there may go back there.
  "ai-gateway": {
    maxTokens: "either",
    toolChoice: "all",
    temperatureMax: 2,
    messageFields: REASONING,
    callExtras: true,
  },
  // Signatures of thoughts come with calls and are demanded back.
  gemini: {
    fields: GEMINI,
    maxTokens: "max_tokens",
    toolChoice: "all",
    temperatureMax: 2,
    messageFields: new Set([...PLAIN, "extra_content"]),
    callExtras: true,
    parsesArguments: true,
  },
  // Values above 1 are cut there as well; its ids follow a pattern of its own.
  anthropic: {
    maxTokens: "max_tokens",
    toolChoice: "all",
    temperatureMax: 1,
    messageFields: PLAIN,
    callIds: /^[a-zA-Z0-9_-]{1,64}$/,
    parsesArguments: true,
    fullContent: true,
  },
  mistral: {
    fields: MISTRAL,
    maxTokens: "max_tokens",
    usageUnasked: true,
    toolChoice: "all",
    temperatureMax: 1.5,
    messageFields: words("role content tool_calls tool_call_id prefix"),
    callIds: /^[a-zA-Z0-9]{9}$/,
    parsesArguments: true,
    speaksAfterTools: true,
  },
  // It refuses a turn with calls whose reasoning is missing.
  deepseek: {
    maxTokens: "max_tokens",
    toolChoice: "all",
    temperatureMax: 2,
    messageFields: new Set([...PLAIN, "reasoning_content", "prefix"]),
    plainText: true,
  },
  generic: {
    fields: GENERIC,
    maxTokens: "by model",
    toolChoice: "all",
    temperatureMax: 2,
    messageFields: PLAIN,
    parsesArguments: true,
  },
};

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
