import { isLoopbackOrigin } from "../core/loopback-host.ts";

/** Browser clients that connect to `/mcp` themselves. */
const KNOWN_CLIENT_ORIGINS: ReadonlySet<string> = new Set([
  "https://claude.ai",
  "https://claude.com",
  "https://chatgpt.com",
]);

export type OriginQuestion = Readonly<{
  /** The `Origin` header; null when there is none, as with every client that is not a browser. */
  origin: string | null;
  ownOrigin: string;
  /** `gateway.allowedOrigins` of the config. */
  configured: readonly string[];
}>;

/**
 * Whether a browser page of this origin may talk to `/mcp` (MCP basic/transports, "servers MUST
 * validate the Origin header"): without the check any web page reaches a local gateway.
 */
export function isAllowedOrigin({ origin, ownOrigin, configured }: OriginQuestion): boolean {
  if (origin === null || origin === ownOrigin || KNOWN_CLIENT_ORIGINS.has(origin)) return true;
  return configured.includes(origin) || isLoopbackOrigin(origin);
}
