import { MASK, redactText } from "../core/redact.ts";

/** Enough to see what was asked and answered; a document or a picture does not belong here. */
const MAX_CHARS = 4_096;
/** A value that begins within the text shown is masked even where it ends beyond it. */
const LOOKAHEAD = 8_192;
/** Also where JSON stands in a text of JSON, with its quotes escaped. */
const NAMED_SECRET =
  /(\\*"[^"\\]{0,64}(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|authorization|credential|cookie|private[-_]?key|pin)\\*"\s*:\s*)(?:\\*"(?:[^"\\]|\\(?!\\*")[^"])*\\*"?|[^\s,}\]"\\[{]+)/gi;

/** JSON as the audit may keep it where the owner asks: bounded, without what looks like a secret. */
export function recordedText(json: string): string {
  const masked = json
    .slice(0, MAX_CHARS + LOOKAHEAD)
    .replaceAll(NAMED_SECRET, (_, name: string) => `${name}"${MASK}"`);
  return redactText(masked, MAX_CHARS);
}
