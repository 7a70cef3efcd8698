import { schemaWarnings } from "../catalog/schema-warnings.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

/** Further ones are much the same. */
const MAX_TOLD = 3;

/** Which tools the documents of the REST surface could not describe as their backends did. */
export function documentWarnings(tools: readonly VisibleTool[]): readonly string[] {
  return tools.flatMap(({ exposedName, tool }) => {
    const found = schemaWarnings(tool.inputSchema);
    if (found.length === 0) return [];
    const more = found.length > MAX_TOLD ? ` and ${found.length - MAX_TOLD} more` : "";
    const told = found.slice(0, MAX_TOLD).join("; ");
    return [`The input schema of "${exposedName}" is described only in part: ${told}${more}`];
  });
}
