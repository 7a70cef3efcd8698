import { attemptSource } from "../auth/attempt-source.ts";
import { CONSENT_ROOM } from "../auth/strong-kv.ts";
import { userOfTokenRequest } from "../auth/token-desk.ts";
import { isJsonObject } from "../core/json.ts";
import { readForm } from "../http/form-body.ts";
import { withCanonicalResource } from "./canonical-resource.ts";
import type { OAuthNeeds } from "./oauth-needs.ts";

/**
 * Clients ask a few times a day, hosted ones many users from one address; a stranger's request may
 * make us fetch a client document, so there is an end to them.
 */
const REQUESTS_PER_SOURCE = 600;
const WINDOW_MS = 10 * 60 * 1_000;

/**
 * `POST /oauth/token`, answered by the object that holds the grant. What names
 * nobody we know is judged elsewhere, so that strangers cannot create objects by inventing names.
 */
export async function answerTokenRequest(
  needs: OAuthNeeds,
  origin: string,
  request: Request,
  kind: "token" | "revocation",
): Promise<Response> {
  needs.servers(origin); // says so here when this origin cannot have OAuth
  const verdict = await needs.registry().countAttempt({
    bucket: `token:${attemptSource(request)}`,
    limit: REQUESTS_PER_SOURCE,
    windowMs: WINDOW_MS,
  });
  if (!verdict.allowed) {
    return oauthError(429, "temporarily_unavailable", "Too many requests", {
      "retry-after": String(verdict.retryAfter),
    });
  }
  const form = withCanonicalResource(origin, await readForm(request));
  // The library serves both at one address and tells them apart by this.
  if (kind === "revocation") form.delete("grant_type");
  const body = form.toString();
  const room = (await needs.findUser(userOfTokenRequest(body) ?? "")) ?? CONSENT_ROOM;
  const answer = await needs
    .grants(room)
    .token({ origin, body, authorization: request.headers.get("authorization") });
  if (answer.status >= 400) {
    needs.onRefusal({ code: errorCode(answer.body), status: answer.status, reason: kind });
  }
  const headers = new Headers(answer.headers);
  headers.set("cache-control", "no-store");
  return new Response(answer.body, { status: answer.status, headers });
}

/** An error in OAuth's own JSON (RFC 6749 section 5.2). */
export function oauthError(
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { error, error_description: description },
    { status, headers: { "cache-control": "no-store", ...headers } },
  );
}

function errorCode(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    return isJsonObject(parsed) && typeof parsed["error"] === "string" ? parsed["error"] : "";
  } catch {
    return ""; // an answer without a body
  }
}
