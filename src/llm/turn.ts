import type { JsonObject, JsonValue } from "../core/json.ts";

/**
 * What a model says in one turn, whatever dialect its provider speaks: normalised while it is read.
 * Order: `head`, then `delta` and `call` as they come, `finish`, and `usage` where the provider
 * tells it (before or after `finish`).
 */
export type TurnEvent =
  | Readonly<{ kind: "head"; head: TurnHead }>
  | DeltaEvent
  | Readonly<{ kind: "call"; part: CallPart }>
  | Readonly<{ kind: "finish"; reason: FinishReason }>
  | Readonly<{ kind: "usage"; usage: JsonObject }>;

/**
 * Text, reasoning and whatever else flows at once: the known keys of a delta, without `role` and
 * `tool_calls`. The same object goes on to the client's stream.
 */
export type DeltaEvent = Readonly<{ kind: "delta"; delta: JsonObject; logprobs?: JsonValue }>;

export type TurnHead = Readonly<{
  id: string;
  created: number;
  model: string;
  systemFingerprint?: string;
  serviceTier?: string;
}>;

/** A piece of a call; pieces of one call share `position`, the provider's index or its order. */
export type CallPart = Readonly<{
  position: number;
  id?: string;
  name?: string;
  /** To be appended. */
  argumentText?: string;
  /** What else the provider wants back with the call, e.g. Gemini's `extra_content`. */
  extra?: JsonObject;
}>;

/** OpenAI's, lower case. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/**
 * What a model says, given to `take` as it comes: one array per network read, so that what arrives
 * together leaves together. Never empty. What `take` answers is waited for before more is read.
 */
export type TurnEvents = Readonly<{
  /** To the end of the turn, once. Throws ProviderError, and what `take` throws. */
  forEach: (take: (events: readonly TurnEvent[]) => Promise<void> | void) => Promise<void>;
}>;
