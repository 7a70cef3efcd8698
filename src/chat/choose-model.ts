import { permitsModel } from "../auth/access.ts";
import type { Caller } from "../auth/caller.ts";
import type { BackendName } from "../core/ids.ts";
import { ALL, type CallContext, type Gateway, type Scope } from "../gateway/gateway.ts";
import type { LanguageModels, LlmOverview, ModelRef } from "../llm/language-models.ts";
import { ProviderError } from "../llm/provider-error.ts";

/** The model with every tool the caller may use. */
export const GATEWAY_MODEL = "mcp-gateway";
/** Before a model's id: without any tool of ours. */
export const RAW_PREFIX = "raw/";

/** What answers under the name of a model. */
export type ChosenModel =
  /** No language model is configured. */
  | Readonly<{ kind: "deterministic"; scope: Scope }>
  | Readonly<{
      kind: "language_model";
      ref: ModelRef;
      overview: LlmOverview;
      /** Whose tools it may use; undefined: none. */
      scope: Scope | undefined;
    }>;

export type ModelSources = Readonly<{ gateway: Gateway; llm: LanguageModels }>;

/**
 * `mcp-gateway`, `mcp-gateway/{backend}`, `raw/{model}` and every way `LanguageModels.find` knows.
 * Undefined for what is not there and for what the caller may not see. Throws where nothing stands
 * behind `mcp-gateway`, which every list of models names.
 */
export async function chooseModel(
  name: string,
  { gateway, llm }: ModelSources,
  caller: Caller,
  context: CallContext,
): Promise<ChosenModel | undefined> {
  const overview = await llm.overview(context);
  const scope = await findScope(name, gateway, caller, context);
  if (scope !== undefined) {
    const ref = overview.defaultModel;
    if (overview.providers.length === 0) return { kind: "deterministic", scope };
    if (!mayUse(caller, ref === undefined ? [name] : [name, ref.id])) return undefined;
    if (ref === undefined) throw withoutDefault(name);
    return { kind: "language_model", ref, overview, scope };
  }
  const isRaw = name.startsWith(RAW_PREFIX);
  const ref = await llm.find(isRaw ? name.slice(RAW_PREFIX.length) : name, context);
  if (ref === undefined || !mayUse(caller, [name, ref.id])) return undefined;
  return { kind: "language_model", ref, overview, scope: isRaw ? undefined : ALL };
}

/** Of several providers none is ever guessed, and a bare name may be one that no provider knows. */
function withoutDefault(name: string): ProviderError {
  return new ProviderError(
    "not_found",
    `Cannot answer as "${name}": there is no default model, name one as {provider}/{model} in "llm.defaultModel" of the config or in LLM_MODEL`,
    { finer: { param: "model", code: "model_not_found" } },
  );
}

async function findScope(
  name: string,
  gateway: Gateway,
  caller: Caller,
  context: CallContext,
): Promise<Scope | undefined> {
  if (name === GATEWAY_MODEL) return ALL;
  if (!name.startsWith(`${GATEWAY_MODEL}/`)) return undefined;
  const wanted = name.slice(GATEWAY_MODEL.length + 1);
  const backends: readonly Readonly<{ name: BackendName }>[] = await gateway.status(
    caller,
    context,
  );
  const backend = backends.find((known) => known.name === wanted);
  return backend === undefined ? undefined : { kind: "one", backend: backend.name };
}

/** Whether a key's list of models, if it has one, covers any of these names. */
export function mayUse(caller: Pick<Caller, "models">, names: readonly string[]): boolean {
  return names.some((name) => permitsModel(caller, name));
}
