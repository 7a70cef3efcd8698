/** Stands where a secret was; a document that comes back with it means "as stored". */
export const MASK = "••••••";

const REFERENCE = /\$\{[A-Za-z_][A-Za-z0-9_]{0,63}\}/;
/** What a person would not choose as a word of a path: long, or marked as private. */
const SECRET_SEGMENT = /^(private_.+|[A-Za-z0-9_-]*\d[A-Za-z0-9_-]{15,}|[A-Za-z0-9_-]{32,})$/;
/** What is longer than any word is taken for one: the pattern needs time by the square of it. */
const MAX_WORD = 128;
/** A credential that begins within the text shown ends within this many characters more. */
const MAX_CREDENTIAL = 8_192;
/** Path words that announce that the next segment is the credential. */
const ANNOUNCES_SECRET: ReadonlySet<string> = new Set(["webhook", "token", "key", "secret"]);

/**
 * An address without what may be its password: user info, query values, secret-looking segments
 * and everything after `webhook` or `token`. `${NAME}` references stay readable.
 */
export function maskUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(url);
  if (match === null) return MASK;
  const [, scheme = "", authority = "", path = "", query = ""] = match;
  const host = authority.includes("@")
    ? `${MASK}@${authority.slice(authority.lastIndexOf("@") + 1)}`
    : authority;
  let announced = false;
  const segments = path.split("/").map((segment) => {
    const masked =
      segment !== "" && !REFERENCE.test(segment) && (announced || isSecretSegment(segment));
    announced = ANNOUNCES_SECRET.has(segment.toLowerCase());
    return masked ? MASK : segment;
  });
  const shownQuery = query.replaceAll(/=([^&]*)/g, (pair, value: string) =>
    value === "" || REFERENCE.test(value) ? pair : `=${MASK}`,
  );
  return scheme + host + segments.join("/") + shownQuery;
}

function isSecretSegment(segment: string): boolean {
  return segment.length > MAX_WORD || SECRET_SEGMENT.test(segment);
}

/** Removes what looks like a credential from text we did not write, and bounds it. */
export function redactText(text: string, maxLength: number): string {
  const redacted = text
    // Strangers decide how long it is: megabytes are not searched for a line of it.
    .slice(0, maxLength + MAX_CREDENTIAL)
    .replaceAll(/\b(bearer|basic|token)\s+[A-Za-z0-9._~+/=:-]{8,}/gi, `$1 ${MASK}`)
    .replaceAll(/\b(sk-|mgw_|ghp_|xox[a-z]-)[A-Za-z0-9_-]{8,}/g, MASK)
    .replaceAll(/https?:\/\/[^\s"'<>]+/g, (url) => maskUrl(url))
    // Control characters would forge lines or colours in a log (CWE-117).
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  return redacted.length > maxLength ? `${redacted.slice(0, maxLength)}…` : redacted;
}
