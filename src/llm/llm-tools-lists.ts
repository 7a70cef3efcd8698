import type { JsonObject, JsonValue } from "../core/json.ts";
import type { ListedModel, LlmOverview } from "./language-models.ts";
import { requireProvider, requireProviders } from "./llm-tools-model.ts";
import type { LlmDesk } from "./llm-tools-desk.ts";

/** A provider that cannot be asked is named: an empty list would look like one without models. */
export async function listModels(args: JsonObject, desk: LlmDesk): Promise<JsonObject> {
  const { models, context, mayUse } = desk;
  const overview = await requireProviders(desk);
  const provider = providerIn(args, overview);
  const isWanted = (name: string): boolean => provider === undefined || name === provider;
  const [listed, troubles] = await Promise.all([models.models(context), models.troubles(context)]);
  const problems = troubles
    .filter((trouble) => isWanted(trouble.provider))
    .map((trouble) => ({ provider: trouble.provider, message: trouble.problem }));
  return {
    models: listed
      .filter((model) => isWanted(model.provider) && mayUse(model.id))
      .map((model) => asModel(model, overview)),
    provider: provider ?? null,
    ...(problems.length === 0 ? {} : { problems }),
  };
}

export async function listProviders(desk: LlmDesk): Promise<JsonObject> {
  const overview = await requireProviders(desk);
  const standard = overview.defaultModel?.provider.name;
  return {
    providers: overview.providers.map(({ name, profile }) => ({
      id: name,
      type: profile,
      isDefault: name === standard,
    })),
    ...(standard === undefined ? {} : { default_provider: standard }),
  };
}

/** From the config alone: no provider is asked. */
export async function listTags(args: JsonObject, desk: LlmDesk): Promise<JsonObject> {
  const { mayUse } = desk;
  const overview = await requireProviders(desk);
  const wanted = providerIn(args, overview);
  const isWanted = (name: JsonValue | undefined): boolean =>
    wanted === undefined || name === wanted;
  const { providers, defaultModel } = overview;
  const shown = providers.filter(({ name }) => isWanted(name));
  return {
    providers: shown.map(({ name }) => ({
      id: name,
      isDefault: name === defaultModel?.provider.name,
    })),
    tags: shown.flatMap(({ name, models: entries }) =>
      entries
        .filter(({ id }) => mayUse(`${name}/${id}`))
        .flatMap(({ id, tags }) => tags.map((tag) => ({ tag, provider: name, model: id }))),
    ),
    aliases: Object.entries(overview.aliases)
      .map(([alias, target]) => ({ alias, ...targetOf(target, overview) }))
      .filter(({ alias, provider, model }) => {
        return isWanted(provider) && (mayUse(alias) || mayUse(`${provider ?? ""}/${model}`));
      }),
  };
}

function providerIn(args: JsonObject, overview: LlmOverview): string | undefined {
  const { provider } = args;
  if (typeof provider !== "string" || provider === "") return undefined;
  requireProvider(overview, provider);
  return provider;
}

function asModel(model: ListedModel, { providers }: LlmOverview): JsonObject {
  const { id, name, provider, tags, created, ownedBy } = model;
  const image = providers.find((one) => one.name === provider)?.images ?? false;
  return {
    id,
    display_name: name,
    provider,
    capabilities: {
      input: { text: true, ...(image ? { image: true } : {}) },
      output: { text: true, streaming: true },
    },
    ...(tags.length === 0 ? {} : { tags }),
    ...(created === undefined ? {} : { created }),
    ...(ownedBy === undefined ? {} : { owned_by: ownedBy }),
  };
}

/** An alias stands for `{provider}/{model}`, or for a bare model of whoever has it. */
function targetOf(
  target: string,
  { providers }: LlmOverview,
): { provider?: string; model: string } {
  const named = providers.find(({ name }) => target.startsWith(`${name}/`));
  if (named !== undefined) {
    return { provider: named.name, model: target.slice(named.name.length + 1) };
  }
  const holder = providers.find(({ models }) => models.some(({ id }) => id === target));
  return { ...(holder === undefined ? {} : { provider: holder.name }), model: target };
}
