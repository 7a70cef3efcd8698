import { readBearer } from "../auth/bearer.ts";
import type { Resource } from "../auth/caller.ts";
import { SCOPE_OF } from "../auth/scopes.ts";
import type { GatewayError } from "../core/errors.ts";

export type Challenged = Readonly<{ request: Request; resource: Resource; origin: string }>;

/**
 * The `WWW-Authenticate` header of a 401 or 403 (RFC 6750 section 3, RFC 9728 section 5.1); empty
 * for other errors. `error` is left out when no token was presented, as RFC 6750 section 3.1 asks.
 */
export function challengeHeaders(
  error: GatewayError,
  { request, resource, origin }: Challenged,
): Record<string, string> {
  const kind = challengeError(error, request);
  if (kind === undefined) return {};
  return {
    "www-authenticate": [
      'Bearer realm="mcp-edge-gateway"',
      `resource_metadata="${origin}/.well-known/oauth-protected-resource/${resource}"`,
      `scope="${SCOPE_OF[resource]}"`,
      ...(kind === "" ? [] : [`error="${kind}"`]),
    ].join(", "),
  };
}

function challengeError(error: GatewayError, request: Request): string | undefined {
  if (error.code === "forbidden") return "insufficient_scope";
  if (error.code !== "unauthorized") return undefined;
  return readBearer(request) === undefined ? "" : "invalid_token";
}
