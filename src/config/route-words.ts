/** First parts of the paths that the Worker's router knows; all others are REST. */
export const ROUTE_WORDS: ReadonlySet<string> = new Set([
  "mcp",
  "v1",
  "models",
  "chat",
  "responses",
  "embeddings",
  "oauth",
  "authorize",
  "token",
  "register",
  "revoke",
  "connect",
  "admin",
  "me",
  "health",
  "status",
  "metrics",
]);

/** Whether paths that begin with this part are the router's; `.well-known` and its like are. */
export function isRouted(first: string): boolean {
  return ROUTE_WORDS.has(first) || first.startsWith(".");
}
