/** Longer than any credential of ours; what is longer is not hashed or looked up at all. */
const MAX_TOKEN = 2_048;

/**
 * The bearer token of a request: the `Authorization` header only (RFC 6750 section 2.1), since
 * tokens in a query or a cookie end up in logs and are sent by pages that never had them. The
 * scheme is case-insensitive (RFC 9110 section 11.1). Undefined when none was presented.
 */
export function readBearer(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || header.length < 8 || header.charCodeAt(6) !== 32) return undefined;
  if (!header.startsWith("Bearer ") && header.slice(0, 7).toLowerCase() !== "bearer ") {
    return undefined;
  }
  const token = header.slice(7).trim();
  return token === "" || token.length > MAX_TOKEN ? undefined : token;
}
