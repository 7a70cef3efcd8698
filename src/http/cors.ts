/** Which pages may read answers: any (credentials travel in a header, never in cookies), or some. */
export type CorsPolicy =
  | Readonly<{ kind: "any" }>
  | Readonly<{ kind: "listed"; isAllowed: (origin: string) => boolean }>;

export const ANY_ORIGIN: CorsPolicy = { kind: "any" };

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/** `*` never covers Authorization (Fetch, "CORS non-wildcard request-header name"). */
const DEFAULT_REQUEST_HEADERS = "authorization, content-type";
const EXPOSED_HEADERS =
  "x-request-id, retry-after, mcp-session-id, www-authenticate, content-disposition, location";
/** Chromium keeps a preflight for two hours at most. */
const PREFLIGHT_SECONDS = "7200";
const MAX_REFLECTED = 1_024;

export function isPreflight(request: Request): boolean {
  return (
    request.method === "OPTIONS" && request.headers.get("access-control-request-method") !== null
  );
}

/** Answered before authentication: a preflight never carries a credential. */
export function answerPreflight(request: Request, policy: CorsPolicy): Response {
  const headers = new Headers({
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": reflectedHeaders(request),
    "access-control-max-age": PREFLIGHT_SECONDS,
    vary: "Origin, Access-Control-Request-Headers",
  });
  const origin = allowedOrigin(request, policy);
  if (origin !== undefined) headers.set("access-control-allow-origin", origin);
  return new Response(null, { status: 204, headers });
}

/** The response with CORS headers; errors and streams need them as much as results do. */
export function withCors(response: Response, request: Request, policy: CorsPolicy): Response {
  if (allowedOrigin(request, policy) === undefined) return response;
  // Answers that came from fetch have immutable headers.
  const answer = new Response(response.body, response);
  setCors(answer.headers, request, policy);
  return answer;
}

/** The same for the headers of a response of our own making. */
export function setCors(headers: Headers, request: Request, policy: CorsPolicy): void {
  const origin = allowedOrigin(request, policy);
  if (origin === undefined) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  if (policy.kind === "listed") headers.append("vary", "Origin");
}

function allowedOrigin(request: Request, policy: CorsPolicy): string | undefined {
  if (policy.kind === "any") return "*";
  const origin = request.headers.get("origin");
  return origin !== null && policy.isAllowed(origin) ? origin : undefined;
}

/** SDKs send headers of their own (`x-stainless-*`), so whatever is asked for is allowed. */
function reflectedHeaders(request: Request): string {
  const asked = request.headers.get("access-control-request-headers");
  return asked === null || asked.length > MAX_REFLECTED ? DEFAULT_REQUEST_HEADERS : asked;
}
