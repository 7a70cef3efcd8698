import type { Caller } from "../auth/caller.ts";
import type { LoopLimits } from "../config/llm-config.ts";
import type { JsonObject } from "../core/json.ts";
import type { CallContext, Scope, VisibleTool } from "../gateway/gateway.ts";
import type { ModelRef } from "../llm/language-models.ts";

/** A chat that is to be answered by a language model, in whichever dialect it came. */
export type ChatAsk = Readonly<{
  caller: Caller;
  context: CallContext;
  ref: ModelRef;
  limits: LoopLimits;
  /**
   * An OpenAI chat request: `messages`, `tools` (the client's own), `tool_choice`, sampling
   * parameters and whatever else the client sent. `model` and `stream` are replaced.
   */
  body: JsonObject;
  /** Whether the provider is to stream. */
  stream: boolean;
  /** Whose tools the model may use; undefined: none of ours. */
  scope: Scope | undefined;
  /** Narrows them further. */
  mayOffer?: (tool: VisibleTool) => boolean;
  /** Whether a person has to allow a call of this tool. */
  needsApproval: (tool: VisibleTool) => boolean;
  /** What a person says to questions of earlier answers; the chat goes on from there. */
  decisions?: readonly Decision[];
}>;

/** A person's word on the calls behind a code. */
export type Decision = Readonly<{ code: string; approve: boolean }>;
