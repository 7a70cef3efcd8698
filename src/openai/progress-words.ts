import type { ChatEvent, ToolRun } from "../chat/chat-event.ts";
import { redactText } from "../core/redact.ts";

/** Arguments may hold what is nobody else's business, and a line is to stay one. */
const MAX_ARGUMENTS = 80;
const MAX_REASON = 120;

/** `erp.list_invoices` */
export function runName({ tool }: ToolRun): string {
  return redactText(`${tool.backend}.${tool.ownName}`, MAX_REASON);
}

/** `erp.list_invoices {"status":"open"}` */
export function startedLine(run: ToolRun): string {
  const text = JSON.stringify(run.arguments);
  return text === "{}" ? runName(run) : `${runName(run)} ${redactText(text, MAX_ARGUMENTS)}`;
}

export function progressMessage(run: ToolRun, message: string): string {
  return `${runName(run)}: ${redactText(message, MAX_REASON)}`;
}

/** `✓ erp.list_invoices 0.4 s` or `✗ erp.list_invoices: no such customer` */
export function endedLine({
  run,
  outcome,
  text,
  ms,
}: Extract<ChatEvent, { kind: "tool_ended" }>): string {
  if (outcome === "ok") return `✓ ${runName(run)} ${(ms / 1_000).toFixed(1)} s`;
  const [first = ""] = text.trim().split("\n", 1);
  const reason = redactText(first.replace(/^Error: /, ""), MAX_REASON);
  return `✗ ${runName(run)}${reason === "" ? "" : `: ${reason}`}`;
}
