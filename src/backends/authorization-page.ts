import { GatewayError } from "../core/errors.ts";
import { redactText } from "../core/redact.ts";
import type { OAuthClient } from "./authorization-client.ts";
import { type LoginSite, loginFailure } from "./authorization-fetch.ts";
import type { Authorization } from "./find-authorization.ts";

const MAX_CODE = 8_192;

/** Where the browser goes to say yes. */
export async function authorizationUrl(
  asked: Readonly<{
    server: Authorization;
    client: OAuthClient;
    redirectUri: string;
    verifier: string;
    state: string;
  }>,
): Promise<string> {
  const { server, client, redirectUri, verifier, state } = asked;
  const url = new URL(server.authorizationEndpoint);
  const parameters = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: "S256",
    resource: server.resource,
    ...(server.scope === undefined ? {} : { scope: server.scope }),
    // OpenID Connect Core section 11: without it the scope is to be ignored.
    ...(server.scope?.split(" ").includes("offline_access") ? { prompt: "consent" } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** The code of an answer that is from the server we asked. */
export function requireCode(
  site: LoginSite,
  { issuer, saysIssuer }: Pick<Authorization, "issuer" | "saysIssuer">,
  params: readonly (readonly [string, string])[],
): string {
  const one = (name: string): string | undefined => {
    const [first, second] = params.filter(([key]) => key === name);
    if (second === undefined) return first?.[1];
    throw new GatewayError("invalid_request", `Cannot log in: "${name}" came twice`);
  };
  const iss = one("iss");
  // RFC 9207: an answer of another server would carry its code to this one.
  if (iss === undefined ? saysIssuer : iss !== issuer) {
    throw loginFailure(site, "was answered by another authorization server than was asked");
  }
  const error = one("error");
  if (error !== undefined) {
    const description = one("error_description");
    const words = description === undefined ? error : `${error}: ${description}`;
    throw loginFailure(site, `refused, in its own words "${redactText(words, 200)}"`);
  }
  const code = one("code");
  if (code !== undefined && code !== "" && code.length <= MAX_CODE) return code;
  throw new GatewayError("invalid_request", "Cannot log in: the answer brings no code");
}

async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
