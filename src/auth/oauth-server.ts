import { OAuthAuthorizationServer, type OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { GatewayError } from "../core/errors.ts";
import { BoundedMemory } from "./bounded-memory.ts";
import type { Resource } from "./caller.ts";
import type { OAuthKv } from "./oauth-kv.ts";
import { RESOURCES, SCOPE_OF } from "./scopes.ts";

/** Some clients do not refresh; a revoked token is refused at once whatever its lifetime. */
const ACCESS_TOKEN_SECONDS = 8 * 3_600;
/** A client that is used at least this often stays connected. */
const REFRESH_IDLE_SECONDS = 30 * 24 * 3_600;
/** Locally every port of a loopback name is an own origin. */
const MAX_SERVERS = 16;

export const AUTHORIZE_PATH = "/oauth/authorize";
export const TOKEN_PATH = "/oauth/token";
export const REGISTER_PATH = "/oauth/register";

export type OAuthEnv = Readonly<{ OAUTH_KV: OAuthKv }>;

/** What we use of the library. In this role it takes nothing from the execution context. */
export interface OAuthServer {
  fetch(request: Request, env: OAuthEnv, context?: unknown): Promise<Response>;
  getOAuthApi(env: OAuthEnv): OAuthHelpers;
  validateToken(
    resource: string,
    token: string,
    env: OAuthEnv,
  ): Promise<Readonly<{ scope: readonly string[]; expiresAt: number; props: unknown }> | null>;
}

/** A refusal of the OAuth library, in words that name no token, code or secret. */
export type OAuthRefusal = Readonly<{ code: string; status: number; reason: string }>;
export type OAuthServers = (origin: string) => OAuthServer;

/** The authorization server of each own origin: issuer and resources are what the caller typed. */
export function createOAuthServers(onRefusal: (refusal: OAuthRefusal) => void): OAuthServers {
  const servers = new BoundedMemory<OAuthServer>(MAX_SERVERS);
  return (origin) => {
    const known = servers.get(origin);
    if (known !== undefined) return known;
    const server = createOAuthServer(origin, onRefusal);
    servers.set(origin, server);
    return server;
  };
}

/** The canonical identifier of a resource (RFC 8707): what tokens are bound to. */
export function resourceUri(origin: string, resource: Resource): string {
  return `${origin}/${resource}`;
}

function createOAuthServer(
  origin: string,
  onRefusal: (refusal: OAuthRefusal) => void,
): OAuthServer {
  try {
    return new OAuthAuthorizationServer<OAuthEnv>({
      issuer: origin,
      resources: RESOURCES.map((resource) => resourceUri(origin, resource)),
      defaultResource: resourceUri(origin, "mcp"),
      authorizeEndpoint: AUTHORIZE_PATH,
      tokenEndpoint: TOKEN_PATH,
      clientRegistrationEndpoint: REGISTER_PATH,
      scopesSupported: RESOURCES.map((resource) => SCOPE_OF[resource]),
      accessTokenTTL: ACCESS_TOKEN_SECONDS,
      refreshTokenTTL: REFRESH_IDLE_SECONDS,
      refreshTokenIdleTTL: REFRESH_IDLE_SECONDS,
      clientIdMetadataDocumentEnabled: true,
      // Native apps (RFC 8252 section 7.1): Cursor signs in through `cursor://` alone.
      allowPrivateUseRedirectUris: true,
      onError: ({ code, status, internal }) => {
        onRefusal({ code, status, reason: `${internal.category}/${internal.reason}` });
      },
    });
  } catch (error) {
    throw new GatewayError(
      "not_found",
      `Cannot offer OAuth at "${origin}": it needs https or a loopback address`,
      { cause: error },
    );
  }
}
