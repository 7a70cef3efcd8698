import * as z from "zod";
import { isPrivateTarget } from "../core/target-rules.ts";
import { fetchJson } from "./login-requests.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

const protectedResource = z.looseObject({
  resource: z.url(),
  authorization_servers: z.array(z.url()).min(1),
  scopes_supported: z.array(z.string()).default([]),
});
const authorizationServer = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  registration_endpoint: z.url().optional(),
  code_challenge_methods_supported: z.array(z.string()).default([]),
  authorization_response_iss_parameter_supported: z.boolean().default(false),
});

/** Where and how one signs in at a gateway. */
export type LoginPlace = Readonly<{
  resource: string;
  scope: string | undefined;
  issuer: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  registrationEndpoint: string;
  /** The answer must name its issuer (RFC 9207). */
  namesIssuer: boolean;
}>;

/** RFC 9728, then RFC 8414. `challenge` is the `WWW-Authenticate` of the refusal. */
export async function discoverLogin(
  endpoint: URL,
  challenge: string | undefined,
): Promise<LoginPlace> {
  const resource = await findResource(endpoint, challenge);
  if (!isWithin(endpoint, resource.resource)) {
    throw cannot(`the gateway says it is ${originOf(resource.resource)}, change GATEWAY_URL`);
  }
  const [issuer = ""] = resource.authorization_servers;
  const server = await fetchJson(wellKnown(issuer, "oauth-authorization-server"), {
    schema: authorizationServer,
  });
  if (server === undefined) throw cannot(`${originOf(issuer)} has no page about signing in`);
  // Section 3.3: another one's description must not be taken for this one's.
  if (server.issuer !== issuer) throw cannot(`${originOf(issuer)} speaks for another`);
  if (!server.code_challenge_methods_supported.includes("S256")) {
    throw cannot(`${originOf(issuer)} does not protect its codes (S256)`);
  }
  const { registration_endpoint: registration } = server;
  if (registration === undefined) throw cannot(`${originOf(issuer)} registers no clients`);
  for (const address of [server.authorization_endpoint, server.token_endpoint, registration]) {
    const url = new URL(address);
    const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isPrivateTarget(url));
    if (!isSafe) throw cannot(`${url.origin} is not https`);
  }
  const scopes = resource.scopes_supported.join(" ");
  return {
    resource: resource.resource,
    scope: quoted(challenge, "scope") ?? (scopes === "" ? undefined : scopes),
    issuer,
    authorizationEndpoint: server.authorization_endpoint,
    tokenEndpoint: server.token_endpoint,
    registrationEndpoint: registration,
    namesIssuer: server.authorization_response_iss_parameter_supported,
  };
}

async function findResource(
  endpoint: URL,
  challenge: string | undefined,
): Promise<z.infer<typeof protectedResource>> {
  const named = quoted(challenge, "resource_metadata");
  const isOurs = named !== undefined && URL.parse(named)?.origin === endpoint.origin;
  const places = [
    ...(isOurs ? [named] : []),
    wellKnown(endpoint.href, "oauth-protected-resource"),
    wellKnown(endpoint.origin, "oauth-protected-resource"),
  ];
  for (const place of places) {
    const found = await fetchJson(place, { schema: protectedResource });
    if (found !== undefined) return found;
  }
  throw cannot("the gateway has no page about signing in, give a key in GATEWAY_API_KEY");
}

/** The well-known part stands between host and path (RFC 8414 section 3.1, RFC 9728 section 3.1). */
function wellKnown(address: string, name: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}/.well-known/${name}${pathname === "/" ? "" : pathname}`;
}

function isWithin(endpoint: URL, resource: string): boolean {
  return endpoint.href === resource || endpoint.href.startsWith(`${resource.replace(/\/$/, "")}/`);
}

function quoted(challenge: string | undefined, name: string): string | undefined {
  return new RegExp(`(?:^|[ ,])${name}="([^"]*)"`).exec(challenge ?? "")?.[1];
}

function originOf(address: string): string {
  return URL.parse(address)?.origin ?? "an address that is none";
}

function cannot(reason: string): NoAnswer {
  return new NoAnswer(STDIO_CODES.credential, `Cannot sign in: ${reason}`);
}
