import { HOP_HEADER } from "./hop.ts";

/**
 * Which headers of a caller may go on to a backend at all. Pure, so that the config can refuse the
 * others when they are written, and the gateway leaves them out whatever a pattern matches.
 */

/**
 * Of one connection, of one message, or said to this gateway alone: its keys above all, and what the
 * platform in front of it vouches for, which a backend would believe although anybody can write it.
 * Nor what makes another request of ours in the eyes of some servers: another method, another path.
 */
const NEVER: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "set-cookie",
  "host",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "accept",
  "accept-encoding",
  "origin",
  "referer",
  "forwarded",
  "via",
  "x-real-ip",
  "true-client-ip",
  "client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-forwarded",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-original-host",
  "x-rewrite-url",
  "last-event-id",
  "x-local-command-key",
  HOP_HEADER,
]);
const NEVER_PREFIXES = ["proxy-", "content-", "sec-", "cf-", "x-forwarded-", "mcp-", "x-gateway-"];

/** `name` in small letters. */
export function isForwardable(name: string): boolean {
  return !NEVER.has(name) && !NEVER_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Whether a pattern with `*` matches nothing but headers that are never passed on. */
export function isFutile(pattern: string): boolean {
  const [head = ""] = pattern.split("*");
  return NEVER_PREFIXES.some((prefix) => head.startsWith(prefix));
}
