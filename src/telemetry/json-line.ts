/** JSON leaves them as they are, and terminals and line readers act on them (CWE-117). */
const ACTED_ON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line of JSON that stays one line, and reads as it is written, wherever it is shown. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    ACTED_ON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
