import { asBaseUrl } from "../config/base-url.ts";
import { guessProfile } from "../config/guess-profile.ts";
import { DEFAULT_LOOP, type LlmConfig, type ProviderConfig } from "../config/llm-config.ts";
import type { SnapshotData } from "../config/registry.ts";

/** What the config in force and the Worker's variables say together. */
export type Configured = Readonly<{
  /** Those of the config, then that of the variables. */
  providers: readonly ProviderConfig[];
  /** As written: an alias, `{provider}/{model}` or a bare name. */
  defaultModel: string | undefined;
  aliases: LlmConfig["aliases"];
  loop: LlmConfig["loop"];
}>;

type Variables = Readonly<Record<string, unknown>>;

/** The provider of `LLM_BASE_URL`; no provider of the config may have this name. */
export const VARIABLES_PROVIDER = "default";

/** As the config's own defaults: see `config/parse-provider.ts`. */
const DEFAULTS = {
  binding: undefined,
  headers: {},
  apiVersion: undefined,
  models: [],
  timeoutMs: 120_000,
  maxRetries: 3,
  images: false,
  maxTools: 128,
} as const;

export function configuredModels(
  { config }: Pick<SnapshotData, "config">,
  variables: Variables,
): Configured {
  const { llm } = config;
  const own = variablesProvider(variables);
  const model = textOf(variables, "LLM_MODEL");
  const fromVariables = own === undefined || model === undefined ? model : `${own.name}/${model}`;
  return {
    providers: [...(llm?.providers ?? []), ...(own === undefined ? [] : [own])],
    defaultModel: llm?.defaultModel ?? fromVariables ?? onlyModel(llm?.providers ?? []),
    aliases: llm?.aliases ?? {},
    loop: llm?.loop ?? DEFAULT_LOOP,
  };
}

function variablesProvider(variables: Variables): ProviderConfig | undefined {
  const baseUrl = asBaseUrl(textOf(variables, "LLM_BASE_URL") ?? "");
  if (baseUrl === "") return undefined;
  return {
    ...DEFAULTS,
    name: VARIABLES_PROVIDER,
    profile: guessProfile(baseUrl),
    baseUrl,
    apiKey: textOf(variables, "LLM_API_KEY"),
  };
}

/** Where there is nothing to choose from. */
function onlyModel([first]: readonly ProviderConfig[]): string | undefined {
  if (first === undefined) return undefined;
  const [only, ...others] = first.models;
  if (only === undefined || others.length > 0 || only.id.includes("*")) return undefined;
  return `${first.name}/${only.id}`;
}

/** Origins of a private network which a provider may have: those the owner of the machine named. */
export function privateOriginsFor(
  { name, baseUrl }: ProviderConfig,
  { privateOrigins }: Pick<SnapshotData, "privateOrigins">,
): readonly string[] {
  if (name !== VARIABLES_PROVIDER) return privateOrigins;
  // Whoever sets the environment of the Worker owns the machine it runs on.
  const origin = URL.parse(baseUrl)?.origin;
  return origin === undefined ? [] : [origin];
}

/** People write an empty variable where they want none. */
function textOf(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
