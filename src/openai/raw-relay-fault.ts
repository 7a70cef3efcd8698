import { isJsonObject, type JsonObject } from "../core/json.ts";
import { redactText } from "../core/redact.ts";
import { ProviderError } from "../llm/provider-error.ts";

/** Enough for a sentence or two. */
const MAX_MESSAGE = 500;

/**
 * What a provider says went wrong after it had answered 200: `error` in OpenAI's shape or as a
 * text, vLLM's `object: "error"`, OpenRouter's `finish_reason: "error"`. Undefined: nothing did.
 */
export function findFault(chunk: JsonObject): ProviderError | undefined {
  const { error } = chunk;
  if (isJsonObject(error)) return providerFailed(error["message"]);
  if (typeof error === "string" && error !== "") return providerFailed(error);
  if (chunk["object"] === "error") return providerFailed(chunk["message"]);
  return undefined;
}

export function providerFailed(reason: unknown): ProviderError {
  const said = typeof reason === "string" ? redactText(reason, MAX_MESSAGE) : "";
  return new ProviderError(
    "backend_failed",
    `Cannot answer: the language model's provider failed${said === "" ? "" : `: ${said}`}`,
  );
}
