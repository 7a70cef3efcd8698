import type { Approvals } from "../config/llm-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isReadOnly } from "../catalog/read-only.ts";
import type { VisibleTool } from "./gateway.ts";

/** Whether a person has to allow a call. */
export function approvalRule(approvals: Approvals): (asked: Pick<VisibleTool, "tool">) => boolean {
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

/** For calls that nobody was asked about. Throws `approval_needed`. */
export function requireApproval(
  approvals: Approvals,
  tool: Pick<VisibleTool, "tool" | "ownName"> | undefined,
): void {
  if (tool === undefined || !approvalRule(approvals)(tool)) return;
  throw approvalNeeded(tool.ownName);
}

export function approvalNeeded(name: string): GatewayError {
  return new GatewayError(
    "approval_needed",
    `Cannot call tool ${JSON.stringify(name)}: a person has to allow it, and cannot be asked here: use an MCP client that knows elicitation, or the chat of the gateway`,
  );
}
