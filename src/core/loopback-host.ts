const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a URL's `hostname` is one of the spellings people type for their own machine. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname);
}

/** Whether an origin, as a browser or we ourselves write it, is of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  const web = url.protocol === "http:" || url.protocol === "https:";
  // Only the serialised form is an origin: no path, no userinfo, no upper case (RFC 6454 section 6.2).
  return web && url.origin === origin && isLoopbackHost(url.hostname);
}
