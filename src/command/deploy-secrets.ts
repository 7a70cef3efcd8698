import { MIN_STATIC_KEY } from "../core/static-key.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { createSecret } from "../shell/local-secrets.ts";
import { secretNames } from "../config/secrets.ts";

/** LOCAL_COMMAND_KEY is not among them: a deployed gateway has no local file to trust. */
const OWN = ["OWNER_PASSWORD", "ENCRYPTION_KEY", "GATEWAY_API_KEY"] as const;

/** A language model without a config; given with the command they are what is wanted now. */
const LANGUAGE_MODEL = ["LLM_BASE_URL", "LLM_API_KEY", "LLM_MODEL"] as const;

export type DeploySecrets = Readonly<{
  /** To be set, with their values. */
  set: Readonly<Record<string, string>>;
  /** Made here, now or in a run that failed, with their values: to be shown. */
  unseen: Readonly<Record<string, string>>;
  kept: readonly string[];
  /** The config refers to them, and neither the account nor this machine has a value. */
  missing: readonly string[];
}>;

export type SecretsToPlan = Readonly<{
  onAccount: readonly string[];
  configText: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  devVars: Readonly<Record<string, string>>;
  /** Left by a run that did not get as far as showing them. */
  unseen: Readonly<Record<string, string>>;
}>;

/**
 * What is missing on the account. What is there stays: another ENCRYPTION_KEY would make stored
 * credentials unreadable, another password would lock people out.
 */
export function planSecrets(plan: SecretsToPlan): DeploySecrets {
  const { onAccount, configText, env, devVars } = plan;
  const set: Record<string, string> = {};
  const unseen: Record<string, string> = { ...plan.unseen };
  const kept: string[] = [];
  const missing: string[] = [];
  for (const name of OWN) {
    if (onAccount.includes(name)) {
      kept.push(name);
      continue;
    }
    // The keys of .dev.vars are this machine's: the public gateway gets its own.
    const given = env[name];
    if (given !== undefined && given !== "") {
      if (name === "GATEWAY_API_KEY") refuseShort(name, given);
      set[name] = given;
      continue;
    }
    set[name] = unseen[name] ??= createSecret(name);
  }
  for (const name of LANGUAGE_MODEL) {
    const given = env[name];
    if (given !== undefined && given !== "") set[name] = given;
    else if (onAccount.includes(name)) kept.push(name);
  }
  const own: readonly string[] = [...OWN, "LOCAL_COMMAND_KEY"];
  for (const name of configText === undefined ? [] : secretNames(configText)) {
    if (own.includes(name) || name in set || kept.includes(name)) continue;
    const value = env[name] ?? devVars[name];
    if (onAccount.includes(name)) kept.push(name);
    else if (value === undefined || value === "") missing.push(name);
    else set[name] = value;
  }
  return { set, unseen, kept, missing };
}

/** The Worker would not take it, and say no more than that it is wrong. */
function refuseShort(name: string, key: string): void {
  if (key.length >= MIN_STATIC_KEY) return;
  throw new CommandFailure(
    `${name}: ${key.length} characters, wanted at least ${MIN_STATIC_KEY} where others reach the gateway`,
  );
}
