import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { randomToken } from "../core/digest.ts";
import type { LoginPlace } from "./login-discovery.ts";
import { registerClient, requestToken } from "./login-requests.ts";
import type { Login } from "./login-store.ts";
import { openLoopbackRedirect } from "./loopback-redirect.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

/** The authorization code flow of an app of this machine (OAuth 2.1, RFC 8252). */
export async function signIn(
  place: LoginPlace,
  { show, waitMs }: Readonly<{ show: (url: string) => void; waitMs: number }>,
): Promise<Login> {
  const state = randomToken(24);
  const verifier = randomToken(32);
  const redirect = await openLoopbackRedirect(state);
  const giveUp = new AbortController();
  try {
    const clientId = await registerClient(place.registrationEndpoint, redirect.uri);
    show(authorizationUrl(place, { clientId, redirectUri: redirect.uri, state, verifier }));
    const answer = await Promise.race([
      redirect.answer,
      pause(waitMs, undefined, { signal: giveUp.signal }),
    ]);
    if (answer === undefined) throw cannot(`nobody did within ${Math.ceil(waitMs / 60_000)} min`);
    const iss = answer.get("iss");
    // RFC 9207: a code of another server must not be sent to this one.
    if (iss === null ? place.namesIssuer : iss !== place.issuer) {
      throw cannot("the answer is another server's");
    }
    const token = await requestToken(place.tokenEndpoint, {
      grant_type: "authorization_code",
      client_id: clientId,
      code: answer.get("code") ?? "",
      redirect_uri: redirect.uri,
      code_verifier: verifier,
      resource: place.resource,
    });
    if (token === undefined) throw cannot("the gateway does not take its own code");
    const { issuer, tokenEndpoint, resource } = place;
    return { issuer, tokenEndpoint, resource, clientId, ...token };
  } finally {
    giveUp.abort();
    redirect.close();
  }
}

function authorizationUrl(
  { authorizationEndpoint, resource, scope }: LoginPlace,
  asked: Readonly<{ clientId: string; redirectUri: string; state: string; verifier: string }>,
): string {
  const url = new URL(authorizationEndpoint);
  const params = {
    response_type: "code",
    client_id: asked.clientId,
    redirect_uri: asked.redirectUri,
    code_challenge: createHash("sha256").update(asked.verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: asked.state,
    resource,
    ...(scope === undefined ? {} : { scope }),
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return url.href;
}

function cannot(reason: string): NoAnswer {
  return new NoAnswer(STDIO_CODES.credential, `Cannot sign in: ${reason}`);
}
