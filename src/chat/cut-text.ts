/** At most so many characters, with a note of what is missing; never half a code point. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const room = maxChars - missingNote(text.length, text.length).length;
  const end = codePointEnd(text, Math.max(0, room));
  return text.slice(0, end) + missingNote(text.length - end, text.length);
}

function missingNote(missing: number, all: number): string {
  return `\n\n[${missing} of ${all} characters left out]`;
}

/** `end`, or one less where it would part a surrogate pair. */
function codePointEnd(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
