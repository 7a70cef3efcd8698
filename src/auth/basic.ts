/**
 * The password of HTTP Basic, whatever the user name (RFC 7617; the scheme is case-insensitive).
 * Undefined when none was presented.
 */
export function readBasicPassword(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || header.slice(0, 6).toLowerCase() !== "basic ") return undefined;
  try {
    const bytes = Uint8Array.from(atob(header.slice(6).trim()), (one) => one.charCodeAt(0));
    const pair = new TextDecoder().decode(bytes);
    return pair.slice(pair.indexOf(":") + 1);
  } catch {
    return undefined; // not base64
  }
}
