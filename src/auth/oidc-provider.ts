import type * as Library from "oauth4webapi";
import type { AuthorizationServer, ClientAuth, IDToken, UserInfoResponse } from "oauth4webapi";
import { GatewayError } from "../core/errors.ts";
import { BoundedMemory } from "./bounded-memory.ts";
import { libraryFetch } from "./library-fetch.ts";
import {
  nameText,
  type ProviderKind,
  type ProviderPerson,
  type ProviderQuestion,
  subjectText,
} from "./provider-person.ts";

/** Providers change their documents over months; keys are asked for again when one is missing. */
const KNOWN_MS = 5 * 60 * 1_000;
/** As many as a config names. */
const MAX_KNOWN = 20;
const SCOPE = "openid email profile";

type OAuth = typeof Library;

/**
 * OpenID Connect with any issuer: code flow with PKCE, state, nonce and `iss`, and the signature of
 * the ID token checked with the issuer's keys even though it came over TLS.
 */
export function createOidcProvider(now: () => number): ProviderKind {
  // Whoever remembers the document has the keys with it: the library keeps them beside it.
  const servers = new BoundedMemory<Readonly<{ server: AuthorizationServer; until: number }>>(
    MAX_KNOWN,
  );

  async function findServer(
    oauth: OAuth,
    question: ProviderQuestion,
  ): Promise<AuthorizationServer> {
    const { issuer } = question.provider;
    const known = servers.get(issuer);
    if (known !== undefined && known.until > now()) return known.server;
    const url = new URL(issuer);
    const response = await oauth.discoveryRequest(url, options(oauth, question));
    const server = await oauth.processDiscoveryResponse(url, response);
    servers.set(issuer, { server, until: now() + KNOWN_MS });
    return server;
  }

  return {
    async begin(question) {
      const oauth = await import("oauth4webapi");
      const server = await findServer(oauth, question);
      const { provider, redirectUri, secrets } = question;
      const url = endpointUrl(server.authorization_endpoint, question);
      const params = {
        response_type: "code",
        client_id: provider.clientId,
        redirect_uri: redirectUri,
        scope: SCOPE,
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(secrets.verifier),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
      return url;
    },
    async finish(question, params) {
      const oauth = await import("oauth4webapi");
      const server = await findServer(oauth, question);
      const { provider, redirectUri, secrets } = question;
      const client = { client_id: provider.clientId };
      const checked = oauth.validateAuthResponse(server, client, params, secrets.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        clientAuth(oauth, server, question.clientSecret),
        checked,
        redirectUri,
        secrets.verifier,
        options(oauth, question),
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: secrets.nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, response, options(oauth, question));
      const claims = oauth.getValidatedIdTokenClaims(tokens);
      if (claims === undefined) throw new TypeError("an ID token that was required is not there");
      if (claims.email !== undefined || server.userinfo_endpoint === undefined) {
        return toPerson(claims, question);
      }
      const told = await oauth.userInfoRequest(
        server,
        client,
        tokens.access_token,
        options(oauth, question),
      );
      const info = await oauth.processUserInfoResponse(server, client, claims.sub, told);
      return toPerson({ ...claims, ...info }, question);
    },
  };
}

function options(oauth: OAuth, { fetch, isInsecure }: ProviderQuestion) {
  return {
    [oauth.customFetch]: libraryFetch(fetch),
    // Only what the guarded way out lets through is reached at all.
    [oauth.allowInsecureRequests]: isInsecure,
  };
}

/** The way the provider says it takes; by header where it says nothing (OpenID Connect Core 9). */
function clientAuth(
  oauth: OAuth,
  { token_endpoint_auth_methods_supported: methods }: AuthorizationServer,
  secret: string | undefined,
): ClientAuth {
  if (secret === undefined) return oauth.None();
  const takesHeader = methods === undefined || methods.includes("client_secret_basic");
  return takesHeader ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

/** The browser goes there, so that it must be an address of the web. */
function endpointUrl(
  endpoint: string | undefined,
  { provider, isInsecure }: ProviderQuestion,
): URL {
  const url = URL.parse(endpoint ?? "");
  if (url?.protocol === "https:" || (isInsecure && url?.protocol === "http:")) return url;
  throw new GatewayError(
    "backend_failed",
    `Cannot sign in: provider "${provider.name}" names no address to sign in at`,
  );
}

function toPerson(
  claims: Partial<UserInfoResponse> & IDToken,
  { provider }: ProviderQuestion,
): ProviderPerson {
  const { email, email_verified: verified } = claims;
  // Some say it as a text, which the library's types do not know of.
  const said: unknown = verified;
  const isVerified = provider.trustEmail || said === true || said === "true";
  return {
    issuer: provider.issuer,
    subject: subjectText.parse(claims.sub),
    name: nameText.parse(claims.name ?? claims["preferred_username"]),
    verifiedEmail: isVerified && typeof email === "string" ? email : undefined,
  };
}
