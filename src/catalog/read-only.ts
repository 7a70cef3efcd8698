import { isJsonObject } from "../core/json.ts";
import type { ListedTool } from "./listing.ts";

/**
 * `readOnlyHint` is the backend's own word (MCP, tool annotations): a tool that says nothing may
 * change something.
 */
export function isReadOnly({ annotations }: ListedTool): boolean {
  return isJsonObject(annotations) && annotations["readOnlyHint"] === true;
}
