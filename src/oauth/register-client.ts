import { attemptSource } from "../auth/attempt-source.ts";
import { REGISTER_PATH } from "../auth/oauth-server.ts";
import { isJsonObject } from "../core/json.ts";
import { readJsonText } from "../http/json-body.ts";
import type { OAuthNeeds } from "./oauth-needs.ts";
import { oauthError } from "./token-endpoint.ts";

/** Anybody may register, and each registration is a KV write. */
const PER_SOURCE = { limit: 60, windowMs: 10 * 60 * 1_000 };
const OVERALL = { limit: 300, windowMs: 60 * 60 * 1_000 };
const BODY_LIMIT = 64 * 1024;
const MAX_REDIRECT_URIS = 20;
const MAX_NAME = 200;

/** `POST /oauth/register` (RFC 7591), with the limits the library does not have. */
export async function registerClient(
  needs: OAuthNeeds,
  origin: string,
  request: Request,
): Promise<Response> {
  const text = await readJsonText(request, BODY_LIMIT);
  const problem = metadataProblem(text);
  if (problem !== undefined) return oauthError(400, "invalid_client_metadata", problem);
  const buckets = [
    { bucket: `register:${attemptSource(request)}`, ...PER_SOURCE },
    { bucket: "register", ...OVERALL },
  ];
  for (const attempt of buckets) {
    // oxlint-disable-next-line no-await-in-loop -- a refused address must not use up everybody's
    const verdict = await needs.registry().countAttempt(attempt);
    if (!verdict.allowed) {
      return oauthError(429, "temporarily_unavailable", "Too many registrations", {
        "retry-after": String(verdict.retryAfter),
      });
    }
  }
  return needs.servers(origin).fetch(
    new Request(`${origin}${REGISTER_PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: text,
    }),
    needs.oauthEnv,
  );
}

function metadataProblem(text: string): string | undefined {
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    return "The body is not JSON";
  }
  if (!isJsonObject(metadata)) return "The body must be a JSON object";
  const uris = metadata["redirect_uris"];
  if (Array.isArray(uris) && uris.length > MAX_REDIRECT_URIS) {
    return `At most ${MAX_REDIRECT_URIS} redirect_uris`;
  }
  const name = metadata["client_name"];
  if (typeof name === "string" && name.length > MAX_NAME) {
    return `client_name is longer than ${MAX_NAME} characters`;
  }
  return undefined;
}
