import { GatewayError } from "../core/errors.ts";
import type { LlmOverview, ModelRef } from "./language-models.ts";
import type { LlmDesk } from "./llm-tools-desk.ts";

/** The longest piece of a caller's text an error repeats. */
const SHOWN = 120;

export type WantedModel = Readonly<{ model: string | undefined; provider: string | undefined }>;

type Asking = Pick<LlmDesk, "models" | "context" | "mayUse">;

/** Throws `config_invalid` where there is no provider: what to configure, in one sentence. */
export async function requireProviders({
  models,
  context,
}: Pick<Asking, "models" | "context">): Promise<LlmOverview> {
  const overview = await models.overview(context);
  if (overview.providers.length > 0) return overview;
  throw new GatewayError(
    "config_invalid",
    'Cannot reach a language model: none is configured, name one under "llm.providers" of the config or in the variable LLM_BASE_URL',
  );
}

/** The provider wins where it is named; nothing is ever taken that nobody configured. */
export async function requireModel(wanted: WantedModel, asking: Asking): Promise<ModelRef> {
  const overview = await requireProviders(asking);
  const { model, provider } = wanted;
  if (provider !== undefined) requireProvider(overview, provider);
  if (model === undefined) return requireDefault(overview, provider, asking);
  const ref =
    provider === undefined
      ? await asking.models.find(model, asking.context)
      : await findAt(overview, { model, provider }, asking);
  if (ref !== undefined && isPermitted(model, ref, overview, asking)) return ref;
  const where = provider === undefined ? "" : ` of provider "${provider}"`;
  throw new GatewayError(
    "not_found",
    `Cannot find model "${model.slice(0, SHOWN)}"${where}: list_models tells which there are`,
  );
}

/** An alias is a name of our own, so that a caller may have the one and not what is behind it. */
function isPermitted(
  name: string,
  { id }: ModelRef,
  { aliases }: LlmOverview,
  { mayUse }: Asking,
): boolean {
  return mayUse(id) || (Object.hasOwn(aliases, name) && mayUse(name));
}

export function requireProvider({ providers }: LlmOverview, name: string): void {
  if (providers.some((provider) => provider.name === name)) return;
  const known = providers.map((provider) => `"${provider.name}"`).join(", ");
  throw new GatewayError(
    "not_found",
    `Cannot find provider "${name.slice(0, SHOWN)}": there are ${known}`,
  );
}

function requireDefault(
  { defaultModel }: LlmOverview,
  provider: string | undefined,
  { mayUse }: Asking,
): ModelRef {
  const isWanted = provider === undefined || defaultModel?.provider.name === provider;
  if (defaultModel !== undefined && isWanted && mayUse(defaultModel.id)) return defaultModel;
  if (provider !== undefined) {
    throw new GatewayError(
      "config_invalid",
      `Cannot choose a model of provider "${provider}": the request names none and the default is not one of them, list_models tells which there are`,
    );
  }
  throw new GatewayError(
    "config_invalid",
    'Cannot choose a model: the request names none and there is no default, set "llm.defaultModel" in the config or the variable LLM_MODEL',
  );
}

/** An alias or a name that leads there anyway, a tag there, or the provider's own word for it. */
async function findAt(
  { providers }: LlmOverview,
  { model, provider }: Readonly<{ model: string; provider: string }>,
  { models, context }: Asking,
): Promise<ModelRef | undefined> {
  const anywhere = await models.find(model, context);
  if (anywhere?.provider.name === provider) return anywhere;
  const tagged = providers
    .find(({ name }) => name === provider)
    ?.models.find(({ tags }) => tags.includes(model));
  return models.find(`${provider}/${tagged?.id ?? model}`, context);
}
