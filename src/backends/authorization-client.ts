import * as z from "zod";
import type { BackendOAuth } from "../config/backend-oauth.ts";
import { isLoopbackHost } from "../core/loopback-host.ts";
import { redactText } from "../core/redact.ts";
import { isPrivateTarget } from "../core/target-rules.ts";
import { type LoginSite, loginFailure, request } from "./authorization-fetch.ts";
import type { Authorization } from "./find-authorization.ts";

/** As whom we come to an authorization server. */
export const oauthClient = z.object({
  id: z.string(),
  secret: z.string().optional(),
  method: z.enum(["client_secret_basic", "client_secret_post", "none"]),
  /** Whether the server registered it by itself, and so may have forgotten it. */
  registered: z.boolean(),
  /** Epoch ms; undefined: for good. */
  expires: z.number().optional(),
});
export type OAuthClient = Readonly<z.infer<typeof oauthClient>>;

/** RFC 7591 section 3.2.1; at 0 a secret does not expire. */
const registration = z.looseObject({
  client_id: z.string().min(1).max(4_000),
  client_secret: z.string().max(4_000).optional(),
  client_secret_expires_at: z.number().optional(),
  token_endpoint_auth_method: z.string().optional(),
});

const CLIENT_NAME = "MCP Edge Gateway";

export function callbackOf(origin: string, backend: string): string {
  return `${origin}/oauth/backend/${backend}/callback`;
}

/** Public, and the same for every name: it says nothing of which backends there are. */
export function clientDocument(origin: string, backend: string) {
  return {
    client_id: clientDocumentUrl(origin, backend),
    client_name: CLIENT_NAME,
    client_uri: origin,
    ...aboutUs(origin, backend),
    token_endpoint_auth_method: "none",
  };
}

function clientDocumentUrl(origin: string, backend: string): string {
  return `${origin}/oauth/backend/${backend}/client.json`;
}

function aboutUs(origin: string, backend: string) {
  return {
    redirect_uris: [callbackOf(origin, backend)],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    // OpenID providers take a redirect over plain http from installed programs only.
    application_type: isLoopbackHost(new URL(origin).hostname) ? "native" : "web",
  };
}

/** The client of the config, our own document where the server reads those, or one it registers. */
export async function findClient(
  site: LoginSite,
  server: Authorization,
  ask: Readonly<{
    oauth: BackendOAuth | undefined;
    /** Its secret, with references resolved. */
    secret: string | undefined;
    origin: string;
    /** Registered before. */
    known: OAuthClient | undefined;
  }>,
): Promise<OAuthClient> {
  const { oauth, secret, origin, known } = ask;
  if (oauth?.clientId !== undefined) {
    const method = secret === undefined ? "none" : ofSecret(server.authMethods);
    return {
      id: oauth.clientId,
      ...(secret === undefined ? {} : { secret }),
      method,
      registered: false,
    };
  }
  const own = new URL(origin);
  if (server.takesClientDocuments && own.protocol === "https:" && !isPrivateTarget(own)) {
    return { id: clientDocumentUrl(origin, site.backend), method: "none", registered: false };
  }
  if (known !== undefined) return known;
  if (server.registrationEndpoint !== undefined) return register(site, server, origin);
  throw loginFailure(
    site,
    'has an authorization server that registers no clients: set "oauth.clientId" of the backend',
  );
}

async function register(
  site: LoginSite,
  server: Authorization,
  origin: string,
): Promise<OAuthClient> {
  const { registrationEndpoint = "", authMethods, scope } = server;
  const wanted = wantedMethod(authMethods);
  const { status, json } = await request(site, new URL(registrationEndpoint), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({
      client_name: CLIENT_NAME,
      client_uri: origin,
      ...aboutUs(origin, site.backend),
      token_endpoint_auth_method: wanted,
      ...(scope === undefined ? {} : { scope }),
    }),
  });
  const made = registration.safeParse(json).data;
  if ((status !== 200 && status !== 201) || made === undefined) {
    throw loginFailure(site, `registered no client (HTTP ${status})${reasonIn(json)}`);
  }
  const { client_id: id, client_secret: secret, client_secret_expires_at: ends = 0 } = made;
  const method = METHODS.find((one) => one === made.token_endpoint_auth_method) ?? wanted;
  return {
    id,
    ...(secret === undefined ? {} : { secret }),
    method: secret === undefined ? "none" : method === "none" ? ofSecret(authMethods) : method,
    registered: true,
    ...(ends > 0 ? { expires: ends * 1_000 } : {}),
  };
}

const METHODS = ["client_secret_basic", "client_secret_post", "none"] as const;

/** RFC 8414 section 2: one that says nothing takes `client_secret_basic`. */
function wantedMethod(offered: readonly string[] | undefined): OAuthClient["method"] {
  return METHODS.find((method) => offered?.includes(method)) ?? "client_secret_basic";
}

function ofSecret(offered: readonly string[] | undefined): OAuthClient["method"] {
  const post = offered?.includes("client_secret_post") === true;
  return post && !offered.includes("client_secret_basic")
    ? "client_secret_post"
    : "client_secret_basic";
}

const refusal = z.looseObject({
  error: z.string(),
  error_description: z.string().optional(),
});

/** What a server says in its own words: bounded, on one line, and marked as its own. */
export function reasonIn(json: unknown): string {
  const said = refusal.safeParse(json).data;
  if (said === undefined) return "";
  const { error, error_description: description } = said;
  const words = description === undefined ? error : `${error}: ${description}`;
  return `, in its own words "${redactText(words, 200)}"`;
}

export function errorIn(json: unknown): string | undefined {
  return refusal.safeParse(json).data?.error;
}
