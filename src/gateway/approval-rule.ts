import type { Approvals } from "../config/llm-config.ts";
import { isReadOnly } from "../catalog/read-only.ts";
import type { VisibleTool } from "./gateway.ts";

/** Whether a person has to allow a call. */
export function approvalRule(approvals: Approvals): (tool: VisibleTool) => boolean {
  switch (approvals) {
    case "never":
      return () => false;
    case "always":
      return () => true;
    case "ask":
      return ({ tool }) => !isReadOnly(tool);
    default:
      return approvals satisfies never;
  }
}
