import type { GatewayError } from "../core/errors.ts";
import { isPrivateTarget } from "../core/target-rules.ts";
import { maskUrl } from "../core/redact.ts";
import { entryPath } from "./backend-name.ts";
import { configProblem } from "./config-problem.ts";
import type { GatewayConfig } from "./gateway-config.ts";

/**
 * Loopback and private addresses are reached only when the owner of the machine wrote them in the
 * local config file: whoever holds the owner password of a gateway in a network must not gain that
 * network through it (SSRF).
 */
export function privateTargetProblem(
  config: GatewayConfig,
  allowedOrigins: readonly string[],
): GatewayError | undefined {
  for (const { path, url } of addressesIn(config)) {
    const origin = originOf(url);
    // An address made of references is judged when it is used.
    if (
      origin === undefined ||
      allowedOrigins.includes(origin) ||
      !isPrivateTarget(new URL(origin))
    )
      continue;
    return configProblem(
      path,
      maskUrl(url),
      "a public address: private ones are allowed only in the local file given with --config",
    );
  }
  return undefined;
}

/** The origins of all that a config from the local file reaches. */
export function namedOrigins(config: GatewayConfig): readonly string[] {
  return addressesIn(config).flatMap(({ url }) => originOf(url) ?? []);
}

type Address = Readonly<{ path: string; url: string }>;

function addressesIn({ backends, llm, signIn }: GatewayConfig): readonly Address[] {
  const remote = backends.flatMap(({ name, alias, transport }): Address[] => {
    if (transport.kind !== "streamable-http" && transport.kind !== "sse") return [];
    return [{ path: `${entryPath("mcpServers", alias ?? name)}.url`, url: transport.url }];
  });
  const providers = (llm?.providers ?? []).flatMap(({ name, baseUrl }): Address[] =>
    baseUrl === "" ? [] : [{ path: `llm.providers.${name}.baseUrl`, url: baseUrl }],
  );
  const issuers = signIn.providers.map(({ name, issuer }) => ({
    path: `signIn.providers.${name}.issuer`,
    url: issuer,
  }));
  return [...remote, ...providers, ...issuers];
}

function originOf(url: string): string | undefined {
  if (/^[a-z]+:\/\/[^/?#]*\$\{/i.test(url)) return undefined;
  return URL.parse(url)?.origin;
}
