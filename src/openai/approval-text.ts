import type { Approval, ToolRun } from "../chat/chat-event.ts";
import { shownArguments } from "../gateway/shown-arguments.ts";

/** The question to the person behind a chat, whether calls may run: shown whole, as they would. */
export function approvalText({ code, runs, expiresIn }: Approval): string {
  const [what, them] = runs.length === 1 ? ["this call", "it"] : ["these calls", "them"];
  return [
    `**Your approval is needed** for ${what}:`,
    ...runs.map(callText),
    `Reply \`approve ${code}\` to run ${them}, or \`deny ${code}\`. The code works once, within ${Math.ceil(expiresIn / 60)} minutes.`,
  ].join("\n\n");
}

function callText({ tool, arguments: args }: ToolRun): string {
  const { text: shown, missing } = shownArguments(args);
  // Lines of JSON begin with a quote or a bracket: none of them can end the fence.
  const block = `\`\`\`json\n${shown}\n\`\`\``;
  const name = `\`${tool.name.replaceAll(/[`\s]+/g, " ")}\``;
  return missing > 0
    ? `${name}\n\n${block}\n\n**${missing} characters are not shown**`
    : `${name}\n\n${block}`;
}
