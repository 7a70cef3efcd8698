import { toExposedName } from "../../src/catalog/exposed-name.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { VisibleTool } from "../../src/gateway/gateway.ts";

/** A tool as a caller of all backends sees it. */
export function visibleTool(
  backend: string,
  ownName: string,
  more: Readonly<{ description?: string; inputSchema?: JsonObject }> = {},
): VisibleTool {
  const name = parseBackendName(backend);
  const exposedName = toExposedName(name, ownName);
  return {
    name: exposedName,
    exposedName,
    backend: name,
    ownName,
    tool: { name: ownName, inputSchema: { type: "object" }, ...more },
  };
}
