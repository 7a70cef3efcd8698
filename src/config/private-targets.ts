import type { GatewayError } from "../core/errors.ts";
import { isPrivateTarget } from "../core/target-rules.ts";
import { maskUrl } from "../core/redact.ts";
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
  for (const { name, transport } of config.backends) {
    if (transport.kind !== "streamable-http" && transport.kind !== "sse") continue;
    const origin = originOf(transport.url);
    // An address made of references is judged when it is used.
    if (
      origin === undefined ||
      allowedOrigins.includes(origin) ||
      !isPrivateTarget(new URL(origin))
    )
      continue;
    return configProblem(
      `mcpServers.${name}.url`,
      maskUrl(transport.url),
      "a public address: private ones are allowed only in the local file given with --config",
    );
  }
  return undefined;
}

/** The origins of all remote backends of a config that came from the local file. */
export function namedOrigins(config: GatewayConfig): readonly string[] {
  return config.backends.flatMap(({ transport }) => {
    if (transport.kind !== "streamable-http" && transport.kind !== "sse") return [];
    return originOf(transport.url) ?? [];
  });
}

function originOf(url: string): string | undefined {
  if (/^[a-z]+:\/\/[^/?#]*\$\{/i.test(url)) return undefined;
  return URL.parse(url)?.origin;
}
