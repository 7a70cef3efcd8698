import type { Approvals } from "../config/llm-config.ts";
import { isJsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

/**
 * Whether a person has to allow a call. `readOnlyHint` is the backend's own word (MCP, tool
 * annotations): a tool that says nothing may change something.
 */
export function approvalRule(approvals: Approvals): (tool: VisibleTool) => boolean {
  switch (approvals) {
    case "never":
      return () => false;
    case "always":
      return () => true;
    case "ask":
      return ({ tool }) => !isReadOnly(tool["annotations"]);
    default:
      return approvals satisfies never;
  }
}

function isReadOnly(annotations: unknown): boolean {
  return isJsonObject(annotations) && annotations["readOnlyHint"] === true;
}
