import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { bodyOf, type Fixture, listenOnLoopback } from "./loopback-server.ts";

/** How a backend and its authorization server behave; all of it may be changed while they run. */
export type OAuthManners = {
  /** Of access tokens, in seconds; 0 says nothing of their end. */
  ttl: number;
  /** Members of the authorization server's metadata, put over its own. */
  metadata: Record<string, unknown>;
  /** Members of the resource's metadata, put over its own. */
  resource: Record<string, unknown>;
  /** Of the 401; `none`: without `WWW-Authenticate`. */
  challenge: "metadata" | "bare" | "none";
  /** Answered to every token request in place of tokens. */
  tokenError: { status: number; body: unknown } | null;
  /** Put over the parameters that the browser is sent back with; null takes one away. */
  back: Record<string, string | null>;
  /** Tokens are good for nothing although they are fresh. */
  refuseAll: boolean;
  /** What `tools/call` asks for before it runs. */
  scopeOfCalls: string;
  /** Where well-known documents are redirected to. */
  redirect: string;
  /** Beside OAuth: this header value is let in, as this user. */
  keys: Record<string, string>;
};

type Grant = { user: string; scope: string; client: string };
type Site = {
  manners: OAuthManners;
  log: string[];
  clients: Map<string, { secret?: string; redirects: readonly string[] }>;
  codes: Map<string, Grant & { challenge: string; redirect: string; resource: string | null }>;
  access: Map<string, Grant & { until: number }>;
  refresh: Map<string, Grant>;
};

const MANNERS: OAuthManners = {
  ttl: 3_600,
  metadata: {},
  resource: {},
  challenge: "metadata",
  tokenError: null,
  back: {},
  refuseAll: false,
  scopeOfCalls: "",
  redirect: "",
  keys: {},
};

const WELL_KNOWN =
  /^\/\.well-known\/(oauth-protected-resource|oauth-authorization-server)\/([^/]+)\//;

/**
 * MCP servers of the real SDK, each with an authorization server of its own: `{url}/{key}/mcp` and
 * `{url}/{key}/as`, made on first use. `POST {url}/{key}/control` changes manners, `GET …/log` tells
 * what came. The page of the server asks nothing: `login` in its query says who says yes.
 */
export async function startOAuthBackends(): Promise<Fixture> {
  const sites = new Map<string, Site>();
  const siteOf = (key: string): Site => {
    const site = sites.get(key) ?? {
      manners: { ...MANNERS },
      log: [],
      clients: new Map(),
      codes: new Map(),
      access: new Map(),
      refresh: new Map(),
    };
    sites.set(key, site);
    return site;
  };
  const fixture = await listenOnLoopback(
    async (request, response) => {
      const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
      const known = WELL_KNOWN.exec(url.pathname);
      const [, first = "", ...rest] = url.pathname.split("/");
      const key = known?.[2] ?? first;
      const site = siteOf(key);
      const base = `${url.origin}/${key}`;
      if (known !== null) return wellKnown(site, known[1] ?? "", base, url, response);
      const path = rest.join("/");
      if (path === "control") {
        Object.assign(site.manners, JSON.parse(await bodyOf(request)));
        return json(response, 200, {});
      }
      if (path === "log") return json(response, 200, site.log);
      if (path === "mcp") return serveMcp(site, base, request, response);
      return serveAuthorization(site, path, { url, request, response, base });
    },
    { path: "" },
  );
  return fixture;
}

function wellKnown(
  { manners, log }: Site,
  kind: string,
  base: string,
  url: URL,
  response: ServerResponse,
): void {
  log.push(`get ${kind}`);
  if (manners.redirect !== "") {
    response.writeHead(302, { location: manners.redirect }).end();
    return;
  }
  if (kind === "oauth-protected-resource") {
    return json(response, 200, {
      resource: `${base}/mcp`,
      authorization_servers: [`${base}/as`],
      ...manners.resource,
    });
  }
  if (!url.pathname.endsWith("/as")) return json(response, 404, {});
  json(response, 200, {
    issuer: `${base}/as`,
    authorization_endpoint: `${base}/as/authorize`,
    token_endpoint: `${base}/as/token`,
    registration_endpoint: `${base}/as/register`,
    revocation_endpoint: `${base}/as/revoke`,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    ...manners.metadata,
  });
}

type Exchange = Readonly<{
  url: URL;
  request: IncomingMessage;
  response: ServerResponse;
  base: string;
}>;

async function serveAuthorization(site: Site, path: string, exchange: Exchange): Promise<void> {
  const { url, request, response, base } = exchange;
  const { manners, log, clients, codes, access, refresh } = site;
  const body = await bodyOf(request);
  switch (path) {
    case "as/register": {
      const asked = JSON.parse(body) as {
        redirect_uris: string[];
        token_endpoint_auth_method: string;
      };
      const id = `client-${clients.size + 1}`;
      const secret = asked.token_endpoint_auth_method === "none" ? undefined : token("secret");
      clients.set(id, {
        ...(secret === undefined ? {} : { secret }),
        redirects: asked.redirect_uris,
      });
      log.push(`register ${asked.token_endpoint_auth_method}`);
      return json(response, 201, {
        ...asked,
        client_id: id,
        ...(secret && { client_secret: secret }),
      });
    }
    case "as/authorize": {
      const ask = (name: string): string => url.searchParams.get(name) ?? "";
      log.push(`authorize ${ask("client_id")} scope=${ask("scope")} resource=${ask("resource")}`);
      const code = token("code");
      codes.set(code, {
        user: ask("login") === "" ? "somebody" : ask("login"),
        scope: ask("scope"),
        client: ask("client_id"),
        challenge: ask("code_challenge"),
        redirect: ask("redirect_uri"),
        resource: url.searchParams.get("resource"),
      });
      const back = new URL(ask("redirect_uri"));
      const parameters = { code, state: ask("state"), iss: `${base}/as`, ...manners.back };
      for (const [name, value] of Object.entries(parameters)) {
        if (value !== null) back.searchParams.set(name, value);
      }
      response.writeHead(302, { location: back.href }).end();
      return;
    }
    case "as/token": {
      const form = new URLSearchParams(body);
      const grantType = form.get("grant_type") ?? "";
      log.push(`token ${grantType}`);
      if (manners.tokenError !== null) {
        return json(response, manners.tokenError.status, manners.tokenError.body);
      }
      const client = clientOf(site, request, form);
      if (client === undefined) return json(response, 401, { error: "invalid_client" });
      const grant =
        grantType === "refresh_token"
          ? take(refresh, form.get("refresh_token") ?? "")
          : redeem(take(codes, form.get("code") ?? ""), form);
      if (grant === undefined || grant.client !== client) {
        return json(response, 400, { error: "invalid_grant", error_description: "no such grant" });
      }
      const { user, scope } = grant;
      const [a, r] = [token("access"), token("refresh")];
      const until = manners.ttl === 0 ? Infinity : Date.now() + manners.ttl * 1_000;
      access.set(a, { user, scope, client, until });
      refresh.set(r, { user, scope, client });
      return json(response, 200, {
        access_token: a,
        token_type: "Bearer",
        refresh_token: r,
        scope,
        ...(manners.ttl === 0 ? {} : { expires_in: manners.ttl }),
      });
    }
    case "as/revoke": {
      const given = new URLSearchParams(body).get("token") ?? "";
      log.push(`revoke ${given.split("-")[0]}`);
      access.delete(given);
      refresh.delete(given);
      return json(response, 200, {});
    }
    default:
      json(response, 404, {});
  }
}

function clientOf(
  site: Site,
  { headers }: IncomingMessage,
  form: URLSearchParams,
): string | undefined {
  const [, basic] = /^Basic (.*)$/.exec(headers.authorization ?? "") ?? [];
  const [id = form.get("client_id") ?? "", secret = form.get("client_secret")] =
    basic === undefined
      ? []
      : Buffer.from(basic, "base64")
          .toString()
          .split(":")
          .map((part: string) => decodeURIComponent(part));
  const known = site.clients.get(id);
  // Clients that were registered by hand, or publish themselves, are not in the book.
  if (known === undefined) return id.startsWith("client-") ? undefined : id;
  return known.secret === undefined || known.secret === secret ? id : undefined;
}

function redeem(
  code: (Grant & { challenge: string; redirect: string; resource: string | null }) | undefined,
  form: URLSearchParams,
): Grant | undefined {
  const verifier = createHash("sha256")
    .update(form.get("code_verifier") ?? "")
    .digest("base64url");
  const fits =
    code !== undefined &&
    code.challenge === verifier &&
    code.redirect === form.get("redirect_uri") &&
    code.resource === form.get("resource");
  return fits ? code : undefined;
}

async function serveMcp(
  site: Site,
  base: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { manners, access, log } = site;
  const body = await bodyOf(request);
  const bearer = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const held = access.get(bearer);
  const byKey = manners.keys[String(request.headers["x-api-key"] ?? "")];
  const isGood = held !== undefined && held.until > Date.now() && !manners.refuseAll;
  const user = isGood ? held.user : byKey;
  if (user === undefined) {
    const metadata = `${new URL(base).origin}/.well-known/oauth-protected-resource${new URL(base).pathname}/mcp`;
    const challenge =
      manners.challenge === "bare" ? "Bearer" : `Bearer resource_metadata="${metadata}"`;
    response
      .writeHead(401, manners.challenge === "none" ? {} : { "www-authenticate": challenge })
      .end("who are you");
    return;
  }
  if (request.method !== "POST") return void response.writeHead(405).end();
  const message = JSON.parse(body) as { method?: string };
  log.push(`mcp ${message.method} ${user}`);
  const needed = manners.scopeOfCalls;
  if (
    message.method === "tools/call" &&
    needed !== "" &&
    held?.scope.split(" ").includes(needed) !== true
  ) {
    const challenge = `Bearer error="insufficient_scope", scope="${needed}"`;
    response.writeHead(403, { "www-authenticate": challenge }).end();
    return;
  }
  const server = new McpServer({ name: "protected", version: "1.0.0" });
  server.registerTool("whoami", { description: `Who ${user} is` }, () => ({
    content: [{ type: "text", text: user }],
  }));
  server.registerTool(`only_${user}`, { description: "Somebody's own" }, () => ({
    content: [{ type: "text", text: `for ${user} alone` }],
  }));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, message);
}

function take<Value>(from: Map<string, Value>, key: string): Value | undefined {
  const value = from.get(key);
  from.delete(key);
  return value;
}

function token(kind: string): string {
  return `${kind}-${randomBytes(16).toString("hex")}`;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
