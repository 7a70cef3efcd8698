/** Who we say we are, to callers as `serverInfo` and to backends as `clientInfo`. */
export const GATEWAY_INFO = {
  name: "mcp-edge-gateway",
  title: "MCP Edge Gateway",
  version: "0.1.0",
} as const;
