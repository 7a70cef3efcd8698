import { isJsonObject } from "../core/json.ts";
import { isPrivateTarget } from "../core/target-rules.ts";

const IP_LITERAL = /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/;

/**
 * Whether a client id is a metadata document's URL that we must not fetch: anybody may name one, so
 * it would make the gateway call into its own network (CVE-2026-26118 is of this kind). The library
 * leaves this to the platform, which blocks it in production and not elsewhere.
 */
export function isForbiddenClientId(clientId: string): boolean {
  if (!URL.canParse(clientId)) return false;
  const url = new URL(clientId);
  if (url.protocol !== "https:") return false; // never fetched
  return IP_LITERAL.test(url.hostname) || isPrivateTarget(url);
}

/** Every client id a token request could be taken to name, wherever it stands. */
export function presentedClientIds(
  form: URLSearchParams,
  authorization: string | null,
): readonly string[] {
  return [
    ...form.getAll("client_id"),
    ...form.getAll("client_assertion").flatMap(assertionIssuer),
    ...basicUser(authorization),
  ];
}

function assertionIssuer(assertion: string): readonly string[] {
  const claims: unknown = parseOrNull(() =>
    JSON.parse(fromBase64Url(assertion.split(".")[1] ?? "")),
  );
  return isJsonObject(claims) && typeof claims["iss"] === "string" ? [claims["iss"]] : [];
}

function basicUser(authorization: string | null): readonly string[] {
  if (authorization?.slice(0, 6).toLowerCase() !== "basic ") return [];
  // Form-encoded inside (RFC 6749 section 2.3.1), because ids may hold a colon.
  const user = parseOrNull(() =>
    decodeURIComponent(fromBase64Url(authorization.slice(6).trim()).split(":")[0] ?? ""),
  );
  return typeof user === "string" ? [user] : [];
}

/** What cannot be read names nobody; the library refuses it in its own words. */
function parseOrNull(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return null;
  }
}

function fromBase64Url(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}
