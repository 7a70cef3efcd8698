import type { Approval, ToolRun } from "../chat/chat-event.ts";

/** More would hide the question; what is missing is said, so that nobody allows it unseen. */
const MAX_ARGUMENTS = 20_000;

/** Letters that are not seen, or that turn around what is: the person would read something else. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\x7f-\x9f]/gu;

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
  const text = JSON.stringify(args, undefined, 2).replaceAll(UNSEEN, escaped);
  const missing = text.length - MAX_ARGUMENTS;
  const shown = missing > 0 ? text.slice(0, MAX_ARGUMENTS).toWellFormed() : text;
  // Lines of JSON begin with a quote or a bracket: none of them can end the fence.
  const block = `\`\`\`json\n${shown}\n\`\`\``;
  const name = `\`${tool.name.replaceAll(/[`\s]+/g, " ")}\``;
  return missing > 0
    ? `${name}\n\n${block}\n\n**${missing} characters are not shown**`
    : `${name}\n\n${block}`;
}

/** As JSON may write them as well. */
function escaped(letter: string): string {
  return Array.from({ length: letter.length }, (_, at) => {
    return `\\u${letter.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }).join("");
}
