import type { Fetch } from "../../src/core/outbound.ts";

export const ISSUER = "https://id.example.com";
export const CLIENT_ID = "the gateway";
export const CLIENT_SECRET = "secret-of-the-gateway-at-the-provider";

/** What the provider does differently from a good one. */
export type Script = Readonly<{
  claims?: Readonly<Record<string, unknown>>;
  metadata?: Readonly<Record<string, unknown>>;
  /** How the ID token is signed. */
  signing?: "key" | "other key" | "none" | "client secret";
  /** In place of an endpoint's answer, by path. */
  answers?: Readonly<Record<string, () => Response>>;
  userinfo?: Readonly<Record<string, unknown>>;
}>;

export type ScriptedProvider = Readonly<{
  fetch: Fetch;
  /** How it behaves from now on. */
  play: (script: Script) => void;
  /** What came in, newest last. */
  asked: readonly Readonly<{ url: string; headers: Headers; body: string }>[];
}>;

/** An OpenID provider that answers as a test wants it to; the nonce comes from the test. */
export async function createScriptedProvider(): Promise<ScriptedProvider> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const generate = async (): Promise<CryptoKeyPair> => {
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    if (!("privateKey" in pair)) throw new TypeError("no pair of keys");
    return pair;
  };
  const [own, other] = await Promise.all([generate(), generate()]);
  const exported = await crypto.subtle.exportKey("jwk", own.publicKey);
  const { kty, crv, x, y } = exported instanceof ArrayBuffer ? {} : exported;
  let script: Script = {};
  const asked: { url: string; headers: Headers; body: string }[] = [];

  async function idToken(): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: ISSUER,
      aud: CLIENT_ID,
      sub: "subject-1",
      iat: now,
      exp: now + 300,
      email: "ann@example.com",
      email_verified: true,
      name: "Ann",
      ...script.claims,
    };
    const { signing = "key" } = script;
    const alg = signing === "none" ? "none" : signing === "client secret" ? "HS256" : "ES256";
    const text = `${encode({ alg, kid: "k1" })}.${encode(claims)}`;
    const bytes = new TextEncoder().encode(text);
    if (signing === "none") return `${text}.`;
    if (signing === "client secret") {
      const key = await crypto.subtle.importKey(
        "raw",
        new TextEncoder().encode(CLIENT_SECRET),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      );
      return `${text}.${base64url(await crypto.subtle.sign("HMAC", key, bytes))}`;
    }
    const { privateKey } = signing === "key" ? own : other;
    const how = { name: "ECDSA", hash: "SHA-256" };
    return `${text}.${base64url(await crypto.subtle.sign(how, privateKey, bytes))}`;
  }

  return {
    asked,
    play: (next) => {
      script = next;
    },
    fetch: async (url, init) => {
      const { pathname } = new URL(url);
      const body = init.body instanceof URLSearchParams ? init.body.toString() : "";
      asked.push({ url, headers: new Headers(init.headers), body });
      const answer = script.answers?.[pathname];
      if (answer !== undefined) return answer();
      switch (pathname) {
        case "/.well-known/openid-configuration":
          return Response.json({
            issuer: ISSUER,
            authorization_endpoint: `${ISSUER}/authorize`,
            token_endpoint: `${ISSUER}/token`,
            userinfo_endpoint: `${ISSUER}/userinfo`,
            jwks_uri: `${ISSUER}/jwks`,
            id_token_signing_alg_values_supported: ["ES256"],
            authorization_response_iss_parameter_supported: true,
            ...script.metadata,
          });
        case "/jwks":
          return Response.json({ keys: [{ kty, crv, x, y, kid: "k1", alg: "ES256", use: "sig" }] });
        case "/token":
          return Response.json({
            access_token: "access",
            token_type: "Bearer",
            expires_in: 300,
            id_token: await idToken(),
          });
        case "/userinfo":
          return Response.json({ sub: "subject-1", ...script.userinfo });
        default:
          return new Response("not found", { status: 404 });
      }
    },
  };
}

function encode(value: unknown): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64url(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
