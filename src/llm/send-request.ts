import type { ProviderConfig } from "../config/llm-config.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Blame, Fetch } from "../core/outbound.ts";
import type { FindTrace } from "../telemetry/trace-context.ts";
import { askBinding } from "./ask-binding.ts";
import { askOverHttp } from "./ask-provider.ts";
import { attempt } from "./attempt.ts";
import type { LlmContext } from "./language-models.ts";
import { type Errand, resolveProvider } from "./provider-target.ts";
import { withRetries } from "./with-retries.ts";

export type SendNeeds = Readonly<{
  /** The Worker's environment: secrets that `${NAME}` stands for, and bindings. */
  variables: Readonly<Record<string, unknown>>;
  fetch: Fetch;
  now: () => number;
  random: () => number;
  /** What this gateway is known by, so that one that is its own provider notices. */
  hopId?: () => Promise<string>;
  trace?: FindTrace;
}>;

export type LlmRequest = Readonly<{
  provider: ProviderConfig;
  errand: Exclude<Errand, { kind: "models" }>;
  /** As the provider takes it. */
  body: JsonObject;
  mayRetry: boolean;
  privateOrigins: readonly string[];
}>;

/** An answer that comes whole, with a picture or two in it. */
const MAX_ANSWER_BYTES = 16 * 1_048_576;

/** Resolves when the provider has begun to answer well; tries again what failed before that. */
export async function sendRequest(
  { provider, errand, body, mayRetry, privateOrigins }: LlmRequest,
  needs: SendNeeds,
  context: LlmContext,
): Promise<Response> {
  const { signal, after } = context;
  const { variables, fetch, now, random } = needs;
  const action = `${errand.kind === "chat" ? "answer" : "embed"} with model "${errand.model}"`;
  const blame: Blame = { action, backend: provider.name, noun: "provider" };
  const question = {
    blame,
    tools: Array.isArray(body["tools"]) ? body["tools"].filter(isJsonObject) : [],
    maxBytes: errand.kind === "chat" ? MAX_ANSWER_BYTES : undefined,
    now,
  };
  const ask = await asker();
  return withRetries(() => attempt(ask, { signal, after, timeoutMs: provider.timeoutMs, blame }), {
    maxRetries: mayRetry ? provider.maxRetries : 0,
    signal,
    after,
    now,
    random,
    blame,
  });

  async function asker(): Promise<(signal: AbortSignal) => ReturnType<typeof askOverHttp>> {
    const { binding } = provider;
    if (binding !== undefined) {
      const bound = { ...question, binding, variables, target: undefined };
      return (stop) => askBinding(errand.model, body, bound, stop);
    }
    const target = resolveProvider(provider, errand, { variables, privateOrigins, blame });
    const sent = {
      ...question,
      body,
      target,
      hopId: await needs.hopId?.(),
      trace: needs.trace?.(context),
    };
    return (stop) => askOverHttp(sent, fetch, stop);
  }
}
