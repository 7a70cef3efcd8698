import { compileGlob } from "../core/glob.ts";
import { isJsonObject } from "../core/json.ts";
import { configProblem, quoted } from "./config-problem.ts";
import {
  APPROVALS,
  DEFAULT_LOOP,
  type LlmConfig,
  type LoopLimits,
  type ProviderConfig,
} from "./llm-config.ts";
import { MAX_MODEL_ID, parseProvider } from "./parse-provider.ts";
import { isLine, readStrict, type StrictPart } from "./strict-part.ts";

/** Their models are listed together, and each may be asked for its list. */
const MAX_PROVIDERS = 50;
const MAX_ALIASES = 200;

/** A model that needs more turns is lost. */
const TURNS = { min: 1, max: 50, whole: true } as const;
const CALLS = { min: 1, max: 500, whole: true } as const;
/** As long as a call of a backend may take. */
const SECONDS = { min: 5, max: 3_600, unit: "seconds" } as const;
const TOOL_SECONDS = { min: 1, max: 3_600, unit: "seconds" } as const;
const TOKENS = { min: 1, max: 10_000_000, whole: true } as const;
/** Less than a thousand tells nothing; a result is never larger than four million. */
const RESULT_CHARS = { min: 1_000, max: 4_000_000, whole: true } as const;

const LOOP_KEYS = [
  "maxTurns",
  "maxCalls",
  "maxSeconds",
  "maxTokens",
  "toolSeconds",
  "maxResultChars",
  "mixed",
  "approvals",
] as const;

/** Without a slash, so that none is taken for `{provider}/{model}`, `raw/…` or `mcp-gateway/…`. */
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/;
/** Model ids with a meaning of their own. */
const RESERVED_MODELS: ReadonlySet<string> = new Set(["mcp-gateway", "pipeline"]);
/** The provider of the variables, of which the config knows nothing. */
const VARIABLES_PROVIDER = "default";

/** The part `llm`; undefined when there is none. Throws `config_invalid`. */
export function parseLlm(given: unknown): LlmConfig | undefined {
  if (given === undefined) return undefined;
  const part = readStrict("llm", given, ["providers", "defaultModel", "aliases", "loop"]);
  const providers = readProviders(part);
  const aliases = readAliases(part, providers);
  return {
    providers,
    defaultModel: readDefaultModel(part, { providers, aliases }),
    aliases,
    loop: readLoop(part),
  };
}

function readProviders(part: StrictPart): readonly ProviderConfig[] {
  const providers = part.value("providers");
  if (providers === undefined) return [];
  if (!isJsonObject(providers)) {
    throw configProblem(part.pathOf("providers"), providers, "an object of providers by name");
  }
  const names = Object.keys(providers);
  if (names.length > MAX_PROVIDERS) {
    throw configProblem(
      part.pathOf("providers"),
      names.length,
      `at most ${MAX_PROVIDERS} providers`,
    );
  }
  return names.map((name) => parseProvider(name, providers[name]));
}

function readAliases(
  part: StrictPart,
  providers: readonly ProviderConfig[],
): Readonly<Record<string, string>> {
  const aliases = part.value("aliases");
  if (aliases === undefined) return {};
  if (!isJsonObject(aliases)) {
    throw configProblem(part.pathOf("aliases"), aliases, "an object of models by alias");
  }
  const entries = Object.entries(aliases);
  if (entries.length > MAX_ALIASES) {
    throw configProblem(part.pathOf("aliases"), entries.length, `at most ${MAX_ALIASES} aliases`);
  }
  return Object.fromEntries(
    entries.map(([alias, model]) => {
      const path = `${part.pathOf("aliases")}.${alias.slice(0, 100)}`;
      if (!ALIAS.test(alias) || RESERVED_MODELS.has(alias)) {
        throw configProblem(
          path,
          alias,
          'a name of letters, digits and ".", "_", ":", "@", "-", at most 100 characters, and not one of the gateway\'s own models',
        );
      }
      const target = requireModel(path, model, providers);
      if (Object.hasOwn(aliases, target)) {
        throw configProblem(path, target, "a model: this is an alias itself");
      }
      return [alias, target];
    }),
  );
}

function readDefaultModel(
  part: StrictPart,
  { providers, aliases }: Pick<LlmConfig, "providers" | "aliases">,
): string | undefined {
  const model = part.value("defaultModel");
  if (model === undefined) return undefined;
  if (typeof model === "string" && Object.hasOwn(aliases, model)) return model;
  return requireModel(part.pathOf("defaultModel"), model, providers);
}

/** `{provider}/{model}` of a provider that is there, or a bare name that a provider may know. */
function requireModel(path: string, model: unknown, providers: readonly ProviderConfig[]): string {
  if (!isLine(model, MAX_MODEL_ID) || RESERVED_MODELS.has(model)) {
    throw configProblem(path, model, "a model as {provider}/{model}");
  }
  // Ids with a slash of their own may stand bare where a provider names them.
  if (providers.some(({ models }) => models.some(({ id }) => id === model))) return model;
  const slash = model.indexOf("/");
  if (slash === -1) return model;
  const name = model.slice(0, slash);
  if (name === VARIABLES_PROVIDER) return model;
  const provider = providers.find((one) => one.name === name);
  if (provider === undefined) {
    const names = quoted(providers.map((one) => one.name));
    throw configProblem(
      path,
      model,
      names === ""
        ? 'a model of a provider in "llm.providers": there is none'
        : `{provider}/{model} with one of the providers ${names}`,
    );
  }
  const { models } = provider;
  const own = model.slice(slash + 1);
  if (own !== "" && (models.length === 0 || models.some(({ id }) => compileGlob(id)(own)))) {
    return model;
  }
  throw configProblem(
    path,
    model,
    models.length === 0
      ? "a model as {provider}/{model}"
      : `one of the models of "${name}": ${quoted(models.slice(0, 10).map(({ id }) => id))}`,
  );
}

function readLoop(part: StrictPart): LoopLimits {
  const given = part.value("loop");
  if (given === undefined) return DEFAULT_LOOP;
  const loop = readStrict(part.pathOf("loop"), given, LOOP_KEYS);
  const seconds = loop.number("maxSeconds", SECONDS);
  const toolSeconds = loop.number("toolSeconds", TOOL_SECONDS);
  return {
    maxTurns: loop.number("maxTurns", TURNS) ?? DEFAULT_LOOP.maxTurns,
    maxCalls: loop.number("maxCalls", CALLS) ?? DEFAULT_LOOP.maxCalls,
    maxMs: seconds === undefined ? DEFAULT_LOOP.maxMs : seconds * 1_000,
    maxTokens: loop.number("maxTokens", TOKENS) ?? DEFAULT_LOOP.maxTokens,
    toolTimeoutMs: toolSeconds === undefined ? DEFAULT_LOOP.toolTimeoutMs : toolSeconds * 1_000,
    maxResultChars: loop.number("maxResultChars", RESULT_CHARS) ?? DEFAULT_LOOP.maxResultChars,
    mixed: loop.choice("mixed", ["defer", "execute"]) ?? DEFAULT_LOOP.mixed,
    approvals: loop.choice("approvals", APPROVALS) ?? DEFAULT_LOOP.approvals,
  };
}
