import { CALL_TOOLS } from "./call-found-tool.ts";
import { DISCOVERY_TOOLS } from "./discovery-tools.ts";
import { GET_RESULT } from "./get-result.ts";
import type { HouseTool } from "./house-tool.ts";
import { RESOURCE_TOOLS } from "./resource-tools.ts";

/** Every tool of the gateway's own; which of them a view has each says itself. */
export const HOUSE_TOOLS: readonly HouseTool[] = [
  ...DISCOVERY_TOOLS,
  ...CALL_TOOLS,
  ...RESOURCE_TOOLS,
  GET_RESULT,
];
