import type { LoopLimits, ProviderConfig } from "../config/llm-config.ts";
import type { CallSignal } from "../core/call-signal.ts";
import type { JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import type { TurnEvents } from "./turn.ts";

/** What a request gives to its calls of a provider; a part of the gateway's `CallContext`. */
export type LlmContext = Readonly<{
  signal: CallSignal;
  after: After;
  waitUntil: (work: Promise<unknown>) => void;
  requestId: string;
  /** Of the caller's request, for its trace. */
  headers?: Headers;
}>;

/** One model of one provider. */
export type ModelRef = Readonly<{
  /** `{provider}/{model}`, as it is listed. */
  id: string;
  provider: ProviderConfig;
  /** As the provider calls it. */
  model: string;
}>;

export type ListedModel = Readonly<{
  id: string;
  provider: string;
  /** As the provider calls it. */
  model: string;
  /** For people; the id where nobody gave a name. */
  name: string;
  /** Seconds, where the provider tells. */
  created: number | undefined;
  ownedBy: string | undefined;
  tags: readonly string[];
}>;

export type ProviderTrouble = Readonly<{ provider: string; problem: string }>;

/** All that is configured, from the config in force and the Worker's variables together. */
export type LlmOverview = Readonly<{
  /** Empty: there is no language model. */
  providers: readonly ProviderConfig[];
  /** The model behind `mcp-gateway`; undefined when neither config nor provider names one. */
  defaultModel: ModelRef | undefined;
  aliases: Readonly<Record<string, string>>;
  loop: LoopLimits;
}>;

/**
 * The language models behind the gateway. Credentials stay in here. Once per isolate; every method
 * throws `ProviderError` for what a provider did, and GatewayError for what is ours.
 */
export interface LanguageModels {
  overview(context: LlmContext): Promise<LlmOverview>;
  /**
   * Chat models of every provider, sorted by id, without embedding and other models that cannot
   * chat. Answers within a second from what is known; a provider that does not answer has those
   * that its config names.
   */
  models(context: LlmContext): Promise<readonly ListedModel[]>;
  /**
   * Providers whose list could not be read the last time, and why: a refused key must not look like
   * a provider without models. Waits as `models` does.
   */
  troubles(context: LlmContext): Promise<readonly ProviderTrouble[]>;
  /**
   * By alias, `{provider}/{model}`, tag or bare model name, in this order; the first provider that
   * knows it. Undefined when nobody does.
   */
  find(name: string, context: LlmContext): Promise<ModelRef | undefined>;
  /**
   * One turn of a chat. `body` is an OpenAI chat request whose `model` is replaced; what the
   * provider does not take is left out or mapped by its profile, and the tools' schemas are brought
   * into its dialect. Resolves when the provider has begun to answer; retries only before that.
   */
  openTurn(ref: ModelRef, turn: TurnRequest, context: LlmContext): Promise<TurnEvents>;
  /**
   * The same, answered with the provider's own response (2xx, JSON or event stream), for what needs
   * no loop. Its body is not to be trusted: see `openai/relay`.
   */
  openRaw(ref: ModelRef, turn: TurnRequest, context: LlmContext): Promise<Response>;
  /** What went wrong amid an answer of `openRaw`, without what only we may know. */
  conceal(ref: ModelRef, error: unknown): unknown;
  /** `POST /embeddings` with the body as it came but for the model; the provider's own answer. */
  embed(ref: ModelRef, body: JsonObject, context: LlmContext): Promise<Response>;
}

export type TurnRequest = Readonly<{
  /** With `stream` as wanted from the provider. */
  body: JsonObject;
  /** False where another try could do harm. */
  mayRetry: boolean;
}>;
