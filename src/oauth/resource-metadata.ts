import type { Resource } from "../auth/caller.ts";
import { resourceUri } from "../auth/oauth-server.ts";
import { SCOPE_OF } from "../auth/scopes.ts";

const NAMES = {
  mcp: "MCP gateway",
  v1: "MCP gateway (OpenAI API)",
} as const satisfies Record<Resource, string>;

/** Protected resource metadata (RFC 9728 section 2). `resource` is exactly the URL people paste. */
export function resourceMetadata(origin: string, resource: Resource): Record<string, unknown> {
  return {
    resource: resourceUri(origin, resource),
    authorization_servers: [origin],
    scopes_supported: [SCOPE_OF[resource]],
    bearer_methods_supported: ["header"],
    resource_name: NAMES[resource],
  };
}
