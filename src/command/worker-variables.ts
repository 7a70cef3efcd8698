import type { LocalSecrets } from "../shell/local-secrets.ts";
import { toLogLevel } from "../shell/log-level.ts";
import { secretNames } from "../config/secrets.ts";

/** Variables the Worker knows by name, taken from the environment when they are there. */
const KNOWN = [
  "PUBLIC_URL",
  "OWNER_PASSWORD",
  "ENCRYPTION_KEY",
  "GATEWAY_API_KEY",
  "LLM_BASE_URL",
  "LLM_API_KEY",
  "LLM_MODEL",
  "LOG_LEVEL",
] as const;
/** Every request is one line at "info": for a terminal only what is wrong is worth one. */
const DEFAULT_LOG_LEVEL = "warn";

export type VariableSources = Readonly<{
  secrets: LocalSecrets;
  devVars: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string | undefined>>;
  /** Given on the command line; undefined where the flag was left out. */
  flags: Readonly<Record<string, string | undefined>>;
  /**
   * Where the gateway is reached unless somebody says otherwise; undefined when it listens to the
   * network, where its names are unknown and naming one would refuse the others.
   */
  localUrl: string | undefined;
  /** Text of the config file, for the `${NAME}`s in it. */
  configText: string | undefined;
}>;

export type ResolvedVariables = Readonly<{
  variables: Readonly<Record<string, string>>;
  /** Names the config refers to and nobody gave a value for. */
  missing: readonly string[];
}>;

/** Flags win over the environment, the environment over `.dev.vars`. */
export function resolveVariables(sources: VariableSources): ResolvedVariables {
  const { secrets, devVars, env, flags, localUrl, configText } = sources;
  const variables: Record<string, string> = {
    ...(localUrl === undefined ? {} : { PUBLIC_URL: localUrl }),
    LOG_LEVEL: DEFAULT_LOG_LEVEL,
    ...devVars,
    ...secrets,
  };
  const missing: string[] = [];
  for (const name of KNOWN) {
    const value = env[name];
    if (value !== undefined && value !== "") variables[name] = value;
  }
  for (const name of configText === undefined ? [] : secretNames(configText)) {
    const value = env[name] ?? devVars[name];
    if (value === undefined) missing.push(name);
    // Our own secrets are decided already.
    else if (!(name in secrets)) variables[name] = value;
  }
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined) variables[name] = value;
  }
  variables["LOG_LEVEL"] = toLogLevel(variables["LOG_LEVEL"] ?? "") ?? DEFAULT_LOG_LEVEL;
  return { variables, missing };
}
