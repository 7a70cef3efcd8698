import type { FinishReason } from "./turn.ts";

/** Other words for the same, as providers and the models behind them write them. */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["length", "length"],
  ["max_tokens", "length"],
  ["max_output_tokens", "length"],
  ["model_length", "length"],
  ["tool_calls", "tool_calls"],
  ["tool_call", "tool_calls"],
  ["tool_use", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filter"],
  ["safety", "content_filter"],
  ["recitation", "content_filter"],
  ["prohibited_content", "content_filter"],
  ["sensitive", "content_filter"],
]);
/** OpenRouter, vLLM, DeepSeek, Z.ai: the answer is not an answer. */
const FAILURES: ReadonlySet<string> = new Set([
  "error",
  "abort",
  "insufficient_system_resource",
  "network_error",
]);

/** `stop`, `eos`, `end_turn` and whatever else is said at an end mean just that. */
export function parseFinish(reason: string): FinishReason | "failure" {
  const word = reason.toLowerCase();
  return FAILURES.has(word) ? "failure" : (FINISH_REASONS.get(word) ?? "stop");
}
