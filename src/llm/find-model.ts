import type { Configured } from "./configured.ts";
import type { ModelRef } from "./language-models.ts";
import { chatModels, knows, mayHave, refOf, type ProviderModels } from "./provider-models.ts";

/** Gives the providers with their lists; may wait for them, so it is asked only where needed. */
export type LookAll = () => Promise<readonly ProviderModels[]>;

/** By alias, `{provider}/{model}`, tag or bare name; undefined when nobody knows it. */
export async function findModel(
  name: string,
  configured: Configured,
  lookAll: LookAll,
): Promise<ModelRef | undefined> {
  const { aliases } = configured;
  const target = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (target !== undefined) return findWritten(target, configured, lookAll);
  return (await findPrefixed(name, configured, lookAll)) ?? findByName(name, await lookAll());
}

/**
 * The same for what the config or the environment names: where nobody is known to have it, the
 * first provider that may is taken at its owner's word.
 */
export async function findWritten(
  name: string,
  configured: Configured,
  lookAll: LookAll,
): Promise<ModelRef | undefined> {
  const found = await findModel(name, { ...configured, aliases: {} }, lookAll);
  if (found !== undefined) return found;
  const silent = (await lookAll()).find((one) => one.known === undefined && mayHave(one, name));
  return silent === undefined ? undefined : refOf(silent.provider, name);
}

/** Models may have slashes of their own: only the first part can be a provider. */
async function findPrefixed(
  name: string,
  { providers }: Configured,
  lookAll: LookAll,
): Promise<ModelRef | undefined> {
  const slash = name.indexOf("/");
  const provider = providers.find((one) => one.name === name.slice(0, Math.max(slash, 0)));
  const model = name.slice(slash + 1);
  if (provider === undefined || model === "") return undefined;
  const needsNoList =
    provider.models.length === 0 || provider.models.some(({ id }) => id === model);
  const known = needsNoList
    ? undefined
    : (await lookAll()).find((one) => one.provider === provider)?.known;
  return mayHave({ provider, known }, model) ? refOf(provider, model) : undefined;
}

function findByName(name: string, all: readonly ProviderModels[]): ModelRef | undefined {
  for (const one of all) {
    if (!one.provider.models.some(({ tags }) => tags.includes(name))) continue;
    const tagged = chatModels(one).find(({ tags }) => tags.includes(name));
    if (tagged !== undefined) return refOf(one.provider, tagged.model);
  }
  const owner = all.find((one) => knows(one, name));
  return owner === undefined ? undefined : refOf(owner.provider, name);
}
