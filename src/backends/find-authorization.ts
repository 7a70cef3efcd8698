import * as z from "zod";
import type { BackendOAuth } from "../config/backend-oauth.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import type { JsonObject } from "../core/json.ts";
import { redactText } from "../core/redact.ts";
import {
  fetchDocument,
  type LoginSite,
  loginFailure,
  request,
  requireLoginUrl,
} from "./authorization-fetch.ts";
import { type Challenge, readChallenge } from "./bearer-challenge.ts";

/** RFC 9728. */
const protectedResource = z.looseObject({
  resource: z.string().max(4_000),
  authorization_servers: z.array(z.string().max(4_000)).max(20).optional(),
  scopes_supported: z.array(z.string().max(200)).max(500).optional(),
});

/** RFC 8414, and what OpenID Connect adds. */
const serverMetadata = z.looseObject({
  issuer: z.string().max(4_000),
  authorization_endpoint: z.string().max(4_000),
  token_endpoint: z.string().max(4_000),
  registration_endpoint: z.string().max(4_000).optional(),
  revocation_endpoint: z.string().max(4_000).optional(),
  scopes_supported: z.array(z.string().max(200)).max(500).optional(),
  code_challenge_methods_supported: z.array(z.string()).max(50).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).max(50).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
});

/** How a login at a backend goes. Kept with a login, so that a refresh discovers nothing anew. */
export const authorization = z.object({
  issuer: z.string(),
  authorizationEndpoint: z.string(),
  tokenEndpoint: z.string(),
  registrationEndpoint: z.string().optional(),
  revocationEndpoint: z.string().optional(),
  authMethods: z.array(z.string()).optional(),
  /** RFC 9207: its answers say which server they are from. */
  saysIssuer: z.boolean(),
  takesClientDocuments: z.boolean(),
  /** RFC 8707. */
  resource: z.string(),
  scope: z.string().optional(),
});
export type Authorization = Readonly<z.infer<typeof authorization>>;

type ServerMetadata = z.infer<typeof serverMetadata>;
type ProtectedResource = z.infer<typeof protectedResource>;

/**
 * Finds out how one logs in at a backend: what it says itself (RFC 9728), its authorization server
 * (RFC 8414, or OpenID Connect Discovery), and before there was the one, the other at its own origin
 * (MCP 2025-03-26). Throws `backend_unavailable` with what is missing.
 */
export async function findAuthorization(
  site: LoginSite,
  config: BackendOAuth | undefined,
  wantedScope: string | undefined,
): Promise<Authorization> {
  const challenge = await probe(site);
  const resource = await findResource(site, challenge);
  const named = config?.issuer ?? resource?.authorization_servers?.[0];
  const issuer = requireLoginUrl(
    site,
    named ?? new URL(site.url).origin,
    "an authorization server",
  );
  const metadata =
    (await findMetadata(site, issuer, named)) ??
    (named === undefined ? ofTheFirstRevision(issuer) : undefined);
  if (metadata === undefined) {
    throw loginFailure(site, `has an authorization server without metadata at ${issuer.origin}`);
  }
  requirePkce(site, metadata, config);
  const scope = scopeOf({ config, wantedScope, challenge, resource, metadata });
  const endpoint = (text: string | undefined, what: string): string | undefined =>
    text === undefined ? undefined : requireLoginUrl(site, text, what).href;
  const registrationEndpoint = endpoint(metadata.registration_endpoint, "a registration endpoint");
  const revocationEndpoint = endpoint(metadata.revocation_endpoint, "a revocation endpoint");
  const authMethods = metadata.token_endpoint_auth_methods_supported;
  return {
    issuer: metadata.issuer,
    // A browser is sent there: any other scheme would be run by it.
    authorizationEndpoint: requireLoginUrl(
      site,
      metadata.authorization_endpoint,
      "an authorization page",
    ).href,
    tokenEndpoint: requireLoginUrl(site, metadata.token_endpoint, "a token endpoint").href,
    ...(registrationEndpoint === undefined ? {} : { registrationEndpoint }),
    ...(revocationEndpoint === undefined ? {} : { revocationEndpoint }),
    ...(authMethods === undefined ? {} : { authMethods }),
    saysIssuer: metadata.authorization_response_iss_parameter_supported === true,
    takesClientDocuments: metadata.client_id_metadata_document_supported === true,
    resource: resource?.resource ?? canonicalResource(site.url),
    ...(scope === undefined ? {} : { scope }),
  };
}

/**
 * What the backend says to somebody without a token; nothing is a good answer too. Some let anybody
 * in as far as `initialize`.
 */
async function probe(site: LoginSite): Promise<Challenge> {
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: GATEWAY_INFO };
  return (
    (await challengeOf(site, "initialize", hello)) ??
    (await challengeOf(site, "tools/list", {})) ??
    {}
  );
}

async function challengeOf(
  site: LoginSite,
  method: string,
  params: JsonObject,
): Promise<Challenge | undefined> {
  const { status, headers } = await request(site, requireLoginUrl(site, site.url, "an address"), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  }).catch(() => ({ status: 0, headers: new Headers() })); // a stream that does not end, for one
  return status === 401 ? readChallenge(headers) : undefined;
}

async function findResource(
  site: LoginSite,
  challenge: Challenge,
): Promise<ProtectedResource | undefined> {
  const { origin, pathname } = new URL(site.url);
  const path = pathname === "/" ? "" : pathname.replace(/\/$/, "");
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
  const addresses =
    challenge.resourceMetadata === undefined
      ? [...new Set([`${wellKnown}${path}`, wellKnown])]
      : [challenge.resourceMetadata];
  for (const address of addresses) {
    const url = requireLoginUrl(site, address, "resource metadata");
    const found = await fetchDocument(site, url, protectedResource);
    if (found === undefined) continue;
    requireOwnResource(site, found.resource);
    return found;
  }
  return undefined;
}

/** A token for another resource than the one we talk to would be one for somebody else. */
function requireOwnResource(site: LoginSite, resource: string): void {
  const own = new URL(site.url);
  const named = URL.parse(resource);
  const folder = named?.pathname.endsWith("/") === true ? named.pathname : `${named?.pathname}/`;
  if (named?.origin === own.origin && `${own.pathname}/`.startsWith(folder)) return;
  throw loginFailure(site, `says that it is another resource: "${redactText(resource, 200)}"`);
}

async function findMetadata(
  site: LoginSite,
  issuer: URL,
  named: string | undefined,
): Promise<ServerMetadata | undefined> {
  const { origin } = issuer;
  const path = issuer.pathname === "/" ? "" : issuer.pathname.replace(/\/$/, "");
  const addresses = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    ...(path === "" ? [] : [`${origin}${path}/.well-known/openid-configuration`]),
  ];
  for (const address of addresses) {
    const found = await fetchDocument(site, new URL(address), serverMetadata);
    if (found === undefined) continue;
    // RFC 8414 section 3.3: or it is the metadata of another server.
    if (named !== undefined && !isSameIssuer(found.issuer, named)) {
      throw loginFailure(
        site,
        `has an authorization server that calls itself "${redactText(found.issuer, 200)}", wanted "${redactText(named, 200)}"`,
      );
    }
    return found;
  }
  return undefined;
}

function isSameIssuer(found: string, named: string): boolean {
  return found.replace(/\/$/, "") === named.replace(/\/$/, "");
}

/** MCP 2025-03-26: without metadata, at these paths. */
function ofTheFirstRevision({ origin }: URL): ServerMetadata {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    code_challenge_methods_supported: ["S256"],
  };
}

/** MCP 2025-11-25, basic/authorization: a server that does not say S256 is refused. */
function requirePkce(
  site: LoginSite,
  { code_challenge_methods_supported: methods }: ServerMetadata,
  config: BackendOAuth | undefined,
): void {
  // Whoever registered a client there by hand vouches for a server that says nothing.
  if (methods === undefined && config?.clientId !== undefined) return;
  if (methods?.includes("S256") === true) return;
  throw loginFailure(site, "has an authorization server without PKCE (S256)");
}

function scopeOf({
  config,
  wantedScope,
  challenge,
  resource,
  metadata,
}: Readonly<{
  config: BackendOAuth | undefined;
  wantedScope: string | undefined;
  challenge: Challenge;
  resource: ProtectedResource | undefined;
  metadata: ServerMetadata;
}>): string | undefined {
  const said = config?.scope ?? challenge.scope ?? resource?.scopes_supported?.join(" ");
  const parts = new Set(
    `${said ?? ""} ${wantedScope ?? ""}`.split(/\s+/).filter((part) => part !== ""),
  );
  if (parts.size === 0) return undefined;
  // Without it many give no refresh token.
  if (config?.scope === undefined && metadata.scopes_supported?.includes("offline_access")) {
    parts.add("offline_access");
  }
  return [...parts].join(" ");
}

/** RFC 8707, as MCP 2025-11-25 writes it: without a fragment, and without a slash at the end. */
function canonicalResource(text: string): string {
  const url = new URL(text);
  url.hash = "";
  return url.pathname === "/" && url.search === "" ? url.origin : url.href;
}
