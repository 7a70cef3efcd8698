import type { VisibleTool } from "../gateway/gateway.ts";

/** Claude.ai shows no tools beyond this many of one connector. */
const MAX_TOOLS = 256;
/** Claude.ai drops a tool whose serialised inputSchema is larger. */
const MAX_SCHEMA_BYTES = 16_384;

/** What works here and not in a client people connect; known before they wonder. */
export function clientLimitWarnings(tools: readonly VisibleTool[]): readonly string[] {
  const warnings: string[] = [];
  if (tools.length > MAX_TOOLS) {
    warnings.push(
      `${tools.length} tools are visible: Claude.ai takes ${MAX_TOOLS} of one address, so connect it to /mcp/{backend} or disable some`,
    );
  }
  for (const { exposedName, tool } of tools) {
    const size = schemaBytes(tool.inputSchema);
    if (size > MAX_SCHEMA_BYTES) {
      warnings.push(
        `The input schema of "${exposedName}" has ${size} bytes: Claude.ai drops tools over ${MAX_SCHEMA_BYTES}`,
      );
    }
  }
  return warnings;
}

function schemaBytes(schema: VisibleTool["tool"]["inputSchema"]): number {
  return new TextEncoder().encode(JSON.stringify(schema)).byteLength;
}
