import type { ProviderConfig } from "../config/llm-config.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import { MASK } from "../core/redact.ts";
import { ProviderError } from "./provider-error.ts";

/** A header's value shorter than this is no secret, and may be part of any word. */
const MIN_SECRET = 8;

/**
 * What went wrong amid an answer, as a caller may read it: providers and the proxies before them
 * quote keys and addresses. What is refused before an answer begins is cleaned where it is read.
 */
export function concealed(
  error: unknown,
  provider: ProviderConfig,
  variables: Readonly<Record<string, unknown>>,
): unknown {
  if (!(error instanceof ProviderError)) return error;
  const message = secretsOf(provider, variables).reduce(
    (text, secret) => text.replaceAll(secret, MASK),
    error.message,
  );
  if (message === error.message) return error;
  const { code, finer, rejectedTool, wasRetried } = error;
  return new ProviderError(code, message, {
    finer,
    wasRetried,
    ...(rejectedTool === undefined ? {} : { rejectedTool }),
  });
}

function secretsOf(
  { apiKey, headers, baseUrl }: ProviderConfig,
  variables: Readonly<Record<string, unknown>>,
): readonly string[] {
  const values = [apiKey ?? "", ...Object.values(headers), baseUrl].map(
    (written) => resolveSecrets(written, secretsIn(variables)).text,
  );
  const host = URL.parse(values.at(-1) ?? "")?.host ?? "";
  const secrets = values.slice(0, -1).map((value) => value.replace(/^\S+ /, ""));
  return [...secrets.filter(({ length }) => length >= MIN_SECRET), host].filter(
    (secret) => secret !== "",
  );
}
