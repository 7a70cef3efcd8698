const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g;

export type Resolved = Readonly<{ text: string; missing: readonly string[] }>;

/** Puts secrets in the place of `${NAME}`, at the moment of use. Missing ones stay as written. */
export function resolveSecrets(
  text: string,
  lookup: (name: string) => string | undefined,
): Resolved {
  const missing: string[] = [];
  const resolved = text.replaceAll(REFERENCE, (reference, name: string) => {
    const value = lookup(name);
    if (value === undefined) missing.push(name);
    return value ?? reference;
  });
  return { text: resolved, missing };
}

/** The Worker's own secrets: a config that could name them could send them anywhere. */
const OWN_SECRETS: ReadonlySet<string> = new Set([
  "ENCRYPTION_KEY",
  "OWNER_PASSWORD",
  "GATEWAY_API_KEY",
  "LOOPBACK_API_KEY",
  "LOCAL_COMMAND_KEY",
]);

/** What `${NAME}` in a config may stand for: texts of the Worker's environment, but its own secrets. */
export function secretsIn(
  variables: Readonly<Record<string, unknown>>,
): (name: string) => string | undefined {
  return (name) => {
    const value = OWN_SECRETS.has(name) ? undefined : variables[name];
    return typeof value === "string" ? value : undefined;
  };
}

/** In a header of a backend: the key that each person brings, and no secret of the Worker. */
export const USER_KEY = "USER_KEY";

/** The names of secrets a text refers to, each once. */
export function secretNames(text: string): readonly string[] {
  const names = new Set([...text.matchAll(REFERENCE)].map((match) => match[1] ?? ""));
  return [...names].filter((name) => name !== USER_KEY);
}

/** What may stand beside a reference and tell nothing: the scheme of a credential. */
const SCHEME_ONLY = /^(?:bearer|basic|token|apikey|[\s:=,;"])*$/i;

/** Whether everything secret in a value is a reference: nothing then has to be masked. */
export function isOnlyReferences(text: string): boolean {
  const rest = text.replaceAll(REFERENCE, "");
  return rest.length < text.length && SCHEME_ONLY.test(rest);
}
