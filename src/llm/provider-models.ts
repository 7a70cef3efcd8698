import type { ModelEntry, ProviderConfig } from "../config/llm-config.ts";
import { compileGlob } from "../core/glob.ts";
import { VARIABLES_PROVIDER } from "./configured.ts";
import type { ListedModel, ModelRef } from "./language-models.ts";
import type { KnownModel } from "./parse-models.ts";

/** A provider and what it has told of its models, if it has. */
export type ProviderModels = Readonly<{
  provider: ProviderConfig;
  known: readonly KnownModel[] | undefined;
}>;

/** Whether its list is wanted at all: a config that names each model has made the list itself. */
export function needsList({ models, profile }: ProviderConfig): boolean {
  // What Azure lists could be deployed; what is, only the config knows.
  if (profile === "azure") return false;
  return models.length === 0 || models.some(isGlob);
}

/** Those the config names, as it names them, then those listed that it lets through. */
export function chatModels({ provider, known = [] }: ProviderModels): readonly ListedModel[] {
  const named = new Map(provider.models.filter((entry) => !isGlob(entry)).map((e) => [e.id, e]));
  const byId = new Map(known.map((model) => [model.id, model]));
  const entryFor = entriesOf(provider);
  return [
    ...[...named.values()].flatMap((entry) => {
      const model = byId.get(entry.id);
      // Named for embeddings: it can be used, and is no model of a chat.
      const embeds = model?.chats === false || EMBEDS.test(entry.id);
      return embeds ? [] : [asListed(provider, entry, model)];
    }),
    ...known
      .filter(({ id, chats }) => chats && !named.has(id))
      .flatMap((model) => {
        const pattern = entryFor(model.id);
        // A name given to a pattern would be that of many.
        return pattern === undefined
          ? []
          : [asListed(provider, { id: model.id, tags: pattern.tags }, model)];
      }),
  ];
}

/** Whether its models may be called by this id: an unknown list refuses nothing. */
export function mayHave({ provider, known }: ProviderModels, id: string): boolean {
  if (provider.models.length === 0) return true;
  const entry = entriesOf(provider)(id);
  if (entry === undefined) return false;
  return !isGlob(entry) || known === undefined || known.some((model) => model.id === id);
}

/** Whether it is sure to have it; also what cannot chat, for embeddings. */
export function knows({ provider, known = [] }: ProviderModels, id: string): boolean {
  const entry = entriesOf(provider)(id);
  if (entry === undefined) return false;
  return (entry.id === id && !isGlob(entry)) || known.some((model) => model.id === id);
}

export function refOf(provider: ProviderConfig, model: string): ModelRef {
  return { id: `${provider.name}/${model}`, provider, model };
}

/** Of a provider of the variables whose owner named no model: the first it lists. */
export function firstListed(all: readonly ProviderModels[]): ModelRef | undefined {
  const own = all.find(({ provider }) => provider.name === VARIABLES_PROVIDER);
  const first = own?.known?.find(({ chats }) => chats);
  return own === undefined || first === undefined ? undefined : refOf(own.provider, first.id);
}

/** The config knows best what the models it names are for, but for these. */
const EMBEDS = /embed/i;

const ANY: ModelEntry = { id: "*", tags: [] };

/** What the config says of a model: its own entry before a pattern. */
function entriesOf({ models }: ProviderConfig): (id: string) => ModelEntry | undefined {
  if (models.length === 0) return () => ANY;
  const named = new Map(models.map((entry) => [entry.id, entry]));
  const patterns = models
    .filter(isGlob)
    .map((entry) => ({ entry, matches: compileGlob(entry.id) }));
  return (id) => named.get(id) ?? patterns.find(({ matches }) => matches(id))?.entry;
}

function isGlob({ id }: ModelEntry): boolean {
  return id.includes("*");
}

function asListed(
  provider: ProviderConfig,
  entry: ModelEntry,
  known: KnownModel | undefined,
): ListedModel {
  const id = `${provider.name}/${entry.id}`;
  return {
    id,
    provider: provider.name,
    model: entry.id,
    name: entry.name ?? known?.name ?? id,
    created: known?.created,
    ownedBy: known?.ownedBy,
    tags: entry.tags,
  };
}
