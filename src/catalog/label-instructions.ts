import type { BackendName } from "../core/ids.ts";

/** Of one backend: what a page of prose needs, and less than a takeover of the prompt. */
const MAX_OWN = 2_000;
/** All together: clients put instructions in front of every conversation. */
const MAX_TOTAL = 16_000;

const PREFACE =
  "Each quoted part below was written by the MCP server it names, not by this gateway, and speaks for that server's tools only.";

export type OwnInstructions = Readonly<{ backend: BackendName; text: string }>;

/**
 * The instructions of several backends as one text in which a model sees whose words are whose.
 * Every line of theirs is quoted, so that none can pose as a heading of ours and speak for another
 * server. Undefined when there is nothing to say.
 */
export function labelInstructions(all: readonly OwnInstructions[]): string | undefined {
  const parts: string[] = [];
  const unsaid: string[] = [];
  // Room for the line that names what was left out.
  let left = MAX_TOTAL - PREFACE.length - 200;
  for (const { backend, text } of all.toSorted((a, b) => (a.backend < b.backend ? -1 : 1))) {
    const own = bounded(plainText(text));
    if (own === "") continue;
    const part = `## Server "${backend}" says:\n${quoted(own)}`;
    if (part.length + 2 > left) unsaid.push(backend);
    else {
      parts.push(part);
      left -= part.length + 2;
    }
  }
  if (parts.length === 0) return undefined;
  if (unsaid.length > 0) {
    parts.push(`Left out for length: the instructions of ${unsaid.length} more servers.`);
  }
  return [PREFACE, ...parts].join("\n\n");
}

/**
 * Without what a person reviewing the text would not see: control characters, bidirectional
 * overrides, zero-width and tag characters (CWE-1007). Emoji sequences fall apart, words do not.
 */
function plainText(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
      character === "\n" || character === "\t" ? character : "",
    )
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

function bounded(text: string): string {
  return text.length <= MAX_OWN ? text : `${text.slice(0, MAX_OWN - 1).toWellFormed()}…`;
}

function quoted(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}
