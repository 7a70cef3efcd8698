/** What of a `WWW-Authenticate: Bearer …` matters to a client (RFC 6750, RFC 9728). */
export type Challenge = Readonly<{
  resourceMetadata?: string;
  scope?: string;
  error?: string;
}>;

const MAX_LENGTH = 8_192;
const PARAMETER = /\b(resource_metadata|scope|error)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

export function readChallenge(headers: Pick<Headers, "get">): Challenge {
  const header = headers.get("www-authenticate")?.slice(0, MAX_LENGTH) ?? "";
  if (!/\bbearer\b/i.test(header)) return {};
  const found = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of header.matchAll(PARAMETER)) {
    const value = quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, "$1");
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
  }
  const resourceMetadata = found.get("resource_metadata");
  const scope = found.get("scope");
  const error = found.get("error");
  return {
    ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
    ...(scope === undefined ? {} : { scope }),
    ...(error === undefined ? {} : { error }),
  };
}
