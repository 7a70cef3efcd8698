import {
  AuthorizationError,
  authorizationErrorRedirect,
  CimdFetchError,
  type AuthRequest,
  type OAuthHelpers,
} from "@cloudflare/workers-oauth-provider";
import { attemptSource } from "../auth/attempt-source.ts";
import { isForbiddenClientId } from "../auth/client-id-url.ts";
import { AUTHORIZE_PATH } from "../auth/oauth-server.ts";
import { isFromAnotherSite } from "../auth/owner.ts";
import { RESOURCES, SCOPE_OF } from "../auth/scopes.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { requireOwnForm, type Visitor } from "../auth/web-session.ts";
import type { GrantMetadata } from "../auth/granted-clients.ts";
import type { GrantProps } from "../auth/grant-props.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { readForm } from "../http/form-body.ts";
import { withCanonicalResource } from "./canonical-resource.ts";
import { type BackendChoice, readChoice } from "./backend-choice.ts";
import { renderConsent } from "./consent-page.tsx";
import { renderProblem } from "./error-page.tsx";
import type { ConsentClient, OAuthNeeds } from "./oauth-needs.ts";

/** Each page shown is a stored consent; people open a few, programs do not stop. */
const PAGES_PER_SOURCE = 120;
const WINDOW_MS = 10 * 60 * 1_000;
/** The only length a SHA-256 has; the library takes any (RFC 7636 section 4.2). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** What a grant remembers of the name a client gave itself; lists show no more. */
const MAX_CLIENT_NAME = 200;

/** `GET /oauth/authorize`: checks the client's request and asks whoever is signed in, or the owner. */
export async function showConsent(
  needs: OAuthNeeds,
  origin: string,
  request: Request,
): Promise<Response> {
  const source = attemptSource(request);
  const verdict = await needs.registry().countAttempt({
    bucket: `authorize:${source}`,
    limit: PAGES_PER_SOURCE,
    windowMs: WINDOW_MS,
  });
  if (!verdict.allowed) return renderWait(request, verdict.retryAfter);
  const visitor = await needs.findVisitor(request);
  if (visitor === undefined && !needs.owner.enabled && !(await needs.hasPeople())) {
    return renderDisabled(request);
  }
  return answer(request, () =>
    ask(needs, origin, request, { visitor, problem: undefined, status: 200 }),
  );
}

/** `POST /oauth/authorize`: the decision of who is signed in, or the owner's with the password. */
export async function decideConsent(
  needs: OAuthNeeds,
  origin: string,
  request: Request,
): Promise<Response> {
  // The handle is bound to the browser by a cookie; this stops a page that got hold of one anyway.
  if (isFromAnotherSite(request, origin)) {
    return renderProblem(request, {
      status: 403,
      code: "invalid_request",
      message: "This form was sent from another site",
    });
  }
  const form = await readForm(request);
  const handle = form.get("handle") ?? "";
  const oauth = needs.servers(origin).getOAuthApi(needs.oauthEnv);
  if (form.get("decision") === "deny") {
    return answer(request, async () => {
      const denied = await oauth.denyConsent(request, handle);
      return new Response(null, { status: 302, headers: denied.headers });
    });
  }
  const token = form.get("form_token");
  if (token !== null) {
    const visitor = await needs.findVisitor(request);
    if (visitor === undefined) {
      throw new GatewayError("forbidden", "Cannot allow access: you are not signed in any more");
    }
    // Bound to who saw the page: somebody else may have signed in in this browser since.
    await requireOwnForm({ request, ownOrigin: origin, token }, visitor);
    return decideAs(visitor, needs, origin, { request, form });
  }
  const verdict = await needs.owner.check(form.get("password") ?? "", request);
  switch (verdict.kind) {
    case "owner":
      return answer(request, () =>
        approve(oauth, {
          request,
          form,
          userId: OWNER_ID,
          choose: async () => undefined,
          onGrant: needs.onGrant,
        }),
      );
    case "wrong":
      return answer(request, () =>
        ask(needs, origin, request, {
          visitor: undefined,
          problem: "Wrong owner password",
          status: 403,
        }),
      );
    case "wait":
      return renderWait(request, verdict.seconds);
    case "disabled":
      return renderDisabled(request);
    default:
      throw new TypeError(`unknown verdict ${JSON.stringify(verdict satisfies never)}`);
  }
}

async function ask(
  needs: OAuthNeeds,
  origin: string,
  request: Request,
  shown: Readonly<{
    visitor: Visitor | undefined;
    problem: string | undefined;
    status: 200 | 400 | 403;
  }>,
): Promise<Response> {
  const { search, searchParams } = new URL(request.url);
  // The first of two values would be checked and another reader might use the second (RFC 6749
  // section 3.1). The library judges a repeated resource itself.
  const names = [...searchParams.keys()].filter((name) => name !== "resource");
  if (new Set(names).size < names.length) {
    return renderProblem(request, {
      status: 400,
      code: "invalid_request",
      message: "The request names a parameter twice",
    });
  }
  if (isForbiddenClientId(searchParams.get("client_id") ?? "")) {
    return renderProblem(request, {
      status: 400,
      code: "invalid_client",
      message: "The app's client id must be the address of a public document",
    });
  }
  const oauth = needs.servers(origin).getOAuthApi(needs.oauthEnv);
  const asked = await oauth.parseAuthRequest(
    new Request(
      `${origin}${AUTHORIZE_PATH}?${withCanonicalResource(origin, searchParams).toString()}`,
    ),
  );
  if (!CHALLENGE.test(asked.codeChallenge ?? "")) {
    const problem = "code_challenge must be 43 base64url characters";
    return redirect(authorizationErrorRedirect(asked, "invalid_request", problem));
  }
  const details = await oauth.describeConsent(asked);
  const consent = await oauth.beginConsent(asked);
  const { visitor } = shown;
  const client = clientOf(asked.clientId, details.clientName);
  return renderConsent({
    ...shown,
    backends: visitor === undefined ? [] : await needs.backendsFor(visitor, client),
    mayTypePassword: visitor === undefined && needs.owner.enabled,
    maySignIn: visitor === undefined && (await needs.hasPeople()),
    details,
    handle: consent.handle,
    headers: consent.headers,
    action: `${AUTHORIZE_PATH}${search}`,
    resource: asked.resource ?? origin,
  });
}

/** Signed in, one needs no password here: the page alone is asked for every client anew. */
function decideAs(
  visitor: Visitor,
  needs: OAuthNeeds,
  origin: string,
  { request, form }: Readonly<{ request: Request; form: URLSearchParams }>,
): Promise<Response> {
  const oauth = needs.servers(origin).getOAuthApi(needs.oauthEnv);
  return answer(request, () => {
    if (form.get("backends") === "some" && form.getAll("backend").length === 0) {
      const problem = "Choose at least one backend";
      return ask(needs, origin, request, { visitor, problem, status: 400 });
    }
    return approve(oauth, {
      request,
      form,
      userId: visitor.userId,
      choose: async (client) => readChoice(form, await needs.backendsFor(visitor, client)),
      onGrant: needs.onGrant,
    });
  });
}

type Approval = Readonly<{
  request: Request;
  form: URLSearchParams;
  userId: UserId;
  choose: (client: ConsentClient) => Promise<BackendChoice>;
  onGrant: OAuthNeeds["onGrant"];
}>;

async function approve(
  oauth: OAuthHelpers,
  { request, form, userId, choose, onGrant }: Approval,
): Promise<Response> {
  const handle = form.get("handle") ?? "";
  const ticked = form.getAll("scope");
  const approved = await oauth.approveConsent(
    request,
    handle,
    ticked.length === 0 ? {} : { scope: ticked },
  );
  const { clientId } = approved.request;
  const { clientName } = await oauth.describeConsent(approved.request);
  const client = clientOf(clientId, clientName);
  const allow = await choose(client);
  const { redirectTo } = await oauth.completeAuthorization({
    request: approved.request,
    userId,
    metadata: {
      clientName: client.name,
      ...(allow === undefined ? {} : { backends: allow }),
    } satisfies GrantMetadata,
    scope: scopeOf(approved.request),
    props: { client, ...(allow === undefined ? {} : { allow }) } satisfies GrantProps,
    // All installations of a hosted client share one client id: one must not sign out another.
    revokeExistingGrants: false,
  });
  onGrant({ userId, client });
  approved.headers.set("location", redirectTo);
  return new Response(null, { status: 302, headers: approved.headers });
}

function clientOf(id: string, name: string): ConsentClient {
  return { id, name: name.slice(0, MAX_CLIENT_NAME) };
}

/** The resource's own scope and nothing else, whatever was asked for. */
function scopeOf({ resource }: AuthRequest): string[] {
  const found = RESOURCES.find((one) => resource?.endsWith(`/${one}`) === true);
  return found === undefined ? [] : [SCOPE_OF[found]];
}

/** Turns the library's refusals into a redirect where that is safe, and into a page elsewhere. */
async function answer(request: Request, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuthorizationError) {
      if (error.redirectTo !== undefined) return redirect(error.redirectTo);
      const unknownClient = error.description === "Invalid client_id";
      return renderProblem(request, {
        status: 400,
        code: unknownClient ? "invalid_client" : error.code,
        message: unknownClient ? "Client not registered" : error.description,
      });
    }
    if (error instanceof CimdFetchError) {
      return renderProblem(request, {
        status: 400,
        code: "invalid_client",
        message: "The app's client metadata document could not be fetched or is not valid",
      });
    }
    throw error;
  }
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location, "cache-control": "no-store" } });
}

function renderWait(request: Request, seconds: number): Promise<Response> {
  const minutes = Math.ceil(seconds / 60);
  return renderProblem(request, {
    status: 429,
    code: "temporarily_unavailable",
    message: `Too many attempts: try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}`,
    retryAfter: seconds,
  });
}

function renderDisabled(request: Request): Promise<Response> {
  return renderProblem(request, {
    status: 403,
    code: "access_denied",
    message: "Signing in is switched off: OWNER_PASSWORD is not set on this gateway",
  });
}
