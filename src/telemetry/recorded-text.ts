import { MASK, redactText } from "../core/redact.ts";

/** Enough to see what was asked and answered; a document or a picture does not belong here. */
const MAX_CHARS = 4_096;
/** A value that begins within the text shown is masked even where it ends beyond it. */
const LOOKAHEAD = 8_192;
/**
 * Also where JSON stands in a text of JSON: there each quote has the same run of backslashes before
 * it, and a value ends at the next one that has no more. What does not end is masked to the end.
 */
const NAMED_SECRET =
  /(\\{0,15})"([^"\\]{0,64}(?:pass(?:word|wd|phrase|code)?|secret|token|api[-_]?key|authorization|credentials?|cookie|private[-_]?key|pin))\1"(\s{0,20}:\s{0,20})(?:\1"[^]*?(?:(?<!\\)\1"|$)|[^\s,}\]"\\[{]+)/gi;

/** JSON as the audit may keep it where the owner asks: bounded, without what looks like a secret. */
export function recordedText(json: string): string {
  const masked = json
    .slice(0, MAX_CHARS + LOOKAHEAD)
    .replaceAll(
      NAMED_SECRET,
      (_, quote: string, name: string, colon: string) =>
        `${quote}"${name}${quote}"${colon}${quote}"${MASK}${quote}"`,
    );
  return redactText(masked, MAX_CHARS);
}
