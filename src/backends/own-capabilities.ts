import { isJsonObject, type JsonObject } from "../core/json.ts";

/**
 * What the gateway can do for any client: pages of MCP Apps pass through it. Some backends offer
 * them only to those who say so, and plain ones ignore a member they do not know: Claude declares
 * this one and nothing else.
 */
export const OWN_CAPABILITIES: JsonObject = {
  extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } },
};

/** What a client declared and what the gateway adds; the client knows its own extensions best. */
export function withOwnCapabilities(declared: JsonObject): JsonObject {
  const own = OWN_CAPABILITIES["extensions"];
  const theirs = declared["extensions"];
  const extensions = {
    ...(isJsonObject(own) ? own : {}),
    ...(isJsonObject(theirs) ? theirs : {}),
  };
  return { ...declared, extensions };
}
