const MAX_LENGTH = 4_000;

/**
 * Whether a text is a path on this host and nothing else: `//host` and `/\host` lead elsewhere, and
 * a control character may be dropped by the browser that reads it.
 */
export function isPlainPath(text: string): boolean {
  return text.length <= MAX_LENGTH && /^\/(?![/\\])[^\s\\\p{Cc}]*$/u.test(text);
}
