import { Hono, type Context } from "hono";
import type { Resource } from "../auth/caller.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { answerPreflight, ANY_ORIGIN, withCors } from "../http/cors.ts";
import { statusOf } from "../http/problem.ts";
import { decideConsent, showConsent } from "./authorize.ts";
import { renderProblem } from "./error-page.tsx";
import type { OAuthNeeds } from "./oauth-needs.ts";
import { registerClient } from "./register-client.ts";
import { resourceMetadata } from "./resource-metadata.ts";
import { answerTokenRequest, oauthError } from "./token-endpoint.ts";

/** Clients look with and without the path of the URL they were given (RFC 9728 section 3.1). */
const RESOURCE_DOCUMENTS: readonly (readonly [string, Resource])[] = [
  ["/.well-known/oauth-protected-resource", "mcp"],
  ["/.well-known/oauth-protected-resource/mcp", "mcp"],
  ["/.well-known/oauth-protected-resource/mcp/:backend", "mcp"],
  ["/.well-known/oauth-protected-resource/v1", "v1"],
];
const SERVER_DOCUMENT = "/.well-known/oauth-authorization-server";
const SERVER_DOCUMENTS = [SERVER_DOCUMENT, "/.well-known/openid-configuration"].flatMap((path) => [
  path,
  `${path}/mcp`,
  `${path}/mcp/:backend`,
  `${path}/v1`,
]);

/** Clients also build the endpoints from the base URL alone. */
const REGISTER = ["/oauth/register", "/register"];
const AUTHORIZE = ["/oauth/authorize", "/authorize"];
const TOKEN = ["/oauth/token", "/token"];
const REVOKE = ["/oauth/revoke"];

/** Seconds; our storage is back by then, or the next try says the same. */
const RETRY_AFTER = 5;

type Answer = (request: Request, origin: string) => Response | Promise<Response>;

/** Discovery, registration, consent and tokens; mounted at `/`. */
export function createOAuthRoutes(needs: OAuthNeeds): Hono {
  const app = new Hono();

  const readable = (answer: Answer) => async (c: Context) =>
    withCors(await answerOrRefuse(needs, c.req.raw, answer), c.req.raw, ANY_ORIGIN);
  const page = (answer: Answer) => (c: Context) =>
    answerOrRefuse(needs, c.req.raw, answer, ({ status, code, message, retryAfter }) =>
      renderProblem(c.req.raw, { status, code, message, ...(retryAfter && { retryAfter }) }),
    );
  const wrongMethod = (allow: string) =>
    readable(() => oauthError(405, "invalid_request", "Method not allowed", { allow }));

  for (const [path, resource] of RESOURCE_DOCUMENTS) {
    app.get(
      path,
      readable((_, origin) => {
        needs.servers(origin); // no document for an origin that cannot have OAuth
        return document(resourceMetadata(origin, resource));
      }),
    );
    app.options(path, preflight);
    app.all(path, wrongMethod("GET, HEAD, OPTIONS"));
  }
  for (const path of SERVER_DOCUMENTS) {
    app.get(
      path,
      readable(async (_, origin) => {
        const found = await needs
          .servers(origin)
          .fetch(new Request(`${origin}${SERVER_DOCUMENT}`), needs.oauthEnv);
        return document(await found.json());
      }),
    );
    app.options(path, preflight);
    app.all(path, wrongMethod("GET, HEAD, OPTIONS"));
  }
  app.on(
    "GET",
    AUTHORIZE,
    page((request, origin) => showConsent(needs, origin, request)),
  );
  app.on(
    "POST",
    AUTHORIZE,
    page((request, origin) => decideConsent(needs, origin, request)),
  );
  app.on(["PUT", "PATCH", "DELETE", "OPTIONS"], AUTHORIZE, wrongMethod("GET, POST"));

  const posts: readonly (readonly [readonly string[], Answer])[] = [
    [REGISTER, (request, origin) => registerClient(needs, origin, request)],
    [TOKEN, (request, origin) => answerTokenRequest(needs, origin, request, "token")],
    [REVOKE, (request, origin) => answerTokenRequest(needs, origin, request, "revocation")],
  ];
  for (const [paths, answer] of posts) {
    for (const path of paths) {
      app.post(path, readable(answer));
      app.options(path, preflight);
      app.all(path, wrongMethod("POST, OPTIONS"));
    }
  }
  return app;
}

function preflight(c: Context): Response {
  return answerPreflight(c.req.raw, ANY_ORIGIN);
}

type Refusal = Readonly<{ status: number; code: string; message: string; retryAfter?: number }>;

async function answerOrRefuse(
  { ownOrigin, onRefusal }: OAuthNeeds,
  request: Request,
  answer: Answer,
  refuse: (refusal: Refusal) => Response | Promise<Response> = asJson,
): Promise<Response> {
  const origin = ownOrigin(request);
  if (origin === undefined) {
    return refuse({
      status: 421,
      code: "invalid_request",
      message: "This host is not served here",
    });
  }
  try {
    return await answer(request, origin);
  } catch (thrown) {
    const error = toRefusal(thrown);
    // A body of the wrong type is a malformed request in OAuth (RFC 6749 section 5.2).
    const status = error.code === "unsupported_media_type" ? 400 : statusOf(error.code);
    const code = status >= 500 ? "temporarily_unavailable" : "invalid_request";
    onRefusal({ code, status, reason: error.detail ?? error.message });
    const retryAfter = error.retryAfter ?? (status === 503 ? RETRY_AFTER : undefined);
    return refuse({ status, code, message: error.message, ...(retryAfter && { retryAfter }) });
  }
}

function asJson({ status, code, message, retryAfter }: Refusal): Response {
  return oauthError(
    status,
    code,
    message,
    retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) },
  );
}

/**
 * What we did not throw ourselves came out of storage: not a word about the request's own merit, so
 * a client keeps its tokens and comes back.
 */
function toRefusal(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError("unavailable", "Cannot answer: storage is not reachable", {
    cause: thrown,
    detail: asGatewayError(thrown).detail ?? "",
  });
}

/** Public and the same for everybody; short, so that a changed PUBLIC_URL is seen soon. */
function document(body: unknown): Response {
  return Response.json(body, { headers: { "cache-control": "public, max-age=300" } });
}
