import type { Authenticator } from "../auth/authenticate.ts";
import { readBasicPassword } from "../auth/basic.ts";
import { readBearer } from "../auth/bearer.ts";
import { FULL_POLICY_ID } from "../auth/access.ts";
import { type Caller, FULL_ACCESS } from "../auth/caller.ts";
import { isFromAnotherSite } from "../auth/owner.ts";
import { toUserId } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import { RestRefusal } from "./rest-refusal.ts";

export type RestQuestion = Readonly<{
  authenticator: Authenticator;
  request: Request;
  origin: string;
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;
  /** What is asked for only tells of tools, so that links of anybody may lead there. */
  isPage: boolean;
}>;

/** Keys are good for every resource; tokens of this one are refused below. */
const RESOURCE = "v1";

/**
 * Who is asking, by an API key as Bearer token or as password of Basic. Throws `unauthorized`,
 * `forbidden` and `unavailable`.
 */
export async function restCaller(question: RestQuestion): Promise<Caller> {
  const { authenticator, request, origin, isPage } = question;
  const bearer = readBearer(request);
  if (bearer !== undefined) {
    return keysOnly(
      authenticator.known(bearer, RESOURCE, origin) ?? (await authenticate(question, request)),
    );
  }
  const password = readBasicPassword(request);
  if (password === undefined || !ONE_LINE.test(password)) {
    throw new RestRefusal(
      "unauthorized",
      "Cannot answer: an API key is needed, as Bearer token or as password of Basic",
      { mcpo: "Missing or invalid Authorization header" },
    );
  }
  // Browsers add Basic credentials to requests that other pages cause; a key as Bearer they do not.
  if (isFromAnotherSite(request, origin) || (!isPage && isLinkedFromElsewhere(request))) {
    throw new GatewayError(
      "forbidden",
      "Cannot answer: a page of another site has to send the key as Bearer token",
    );
  }
  return keysOnly(
    authenticator.known(password, RESOURCE, origin) ??
      (await authenticate(question, asBearer(request, password))),
  );
}

/** A link of another site, with whatever URI or arguments it has, would be asked of a backend. */
function isLinkedFromElsewhere({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  return site === "cross-site" || site === "same-site";
}

/** What the value of a header may be, and every key is. */
const ONE_LINE = /^[\x21-\x7e]+$/;

export function presentsCredential(request: Request): boolean {
  return request.headers.get("authorization") !== null;
}

/** Who reads documents where the owner has opened them: sees everything, calls nothing. */
export const PUBLIC_READER: Caller = {
  kind: "static-key",
  credentialId: "public",
  userId: toUserId("public"),
  access: FULL_ACCESS,
  policyId: FULL_POLICY_ID,
  resources: [],
  scopes: [],
};

/**
 * The `WWW-Authenticate` header of a 401 (RFC 9110 section 11.6.1), without OAuth: REST takes keys
 * only. Basic is not offered to browsers, whose own dialog would stand before the page's form, but
 * where they ask for that dialog; and its realm is not the owner's, whose password is nothing here.
 */
export function restChallenge(error: GatewayError, request: Request): Record<string, string> {
  if (error.code !== "unauthorized") return {};
  // Alone: Chromium reads the first challenge of a header only. And for a reader who comes here, not
  // for an image of another site, whose own dialog this would seem to be.
  const mode = request.headers.get("sec-fetch-mode") ?? "navigate";
  if (request.url.endsWith(BROWSER_SIGN_IN) && mode === "navigate") {
    return { "www-authenticate": BASIC };
  }
  const invalid = readBearer(request) === undefined ? "" : ', error="invalid_token"';
  const bearer = `Bearer realm="mcp-edge-gateway"${invalid}`;
  return { "www-authenticate": isBrowser(request) ? bearer : `${bearer}, ${BASIC}` };
}

const BASIC = 'Basic realm="mcp-edge-gateway API key", charset="UTF-8"';

/** The query of a page whose reader signs in with what the browser has for that. */
export const BROWSER_SIGN_IN = "?sign-in=basic";

export function acceptsHtml(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") ?? false;
}

function isBrowser(request: Request): boolean {
  return acceptsHtml(request) || request.headers.get("sec-fetch-mode") !== null;
}

async function authenticate(
  { authenticator, origin, context }: RestQuestion,
  request: Request,
): Promise<Caller> {
  try {
    return await authenticator.authenticate(request, RESOURCE, origin, context);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== "unauthorized") throw error;
    throw new RestRefusal(error.code, error.message, { mcpo: "Invalid API key" }, { cause: error });
  }
}

/** The head of the request alone: its body is still to be read. */
function asBearer({ url, headers }: Request, key: string): Request {
  const asked = new Headers(headers);
  asked.set("authorization", `Bearer ${key}`);
  return new Request(url, { headers: asked });
}

/** A token was asked for by name of another resource (RFC 8707); REST is none. */
function keysOnly(caller: Caller): Caller {
  if (caller.kind !== "oauth") return caller;
  throw new GatewayError("forbidden", "Cannot answer: REST takes API keys, not OAuth tokens");
}
