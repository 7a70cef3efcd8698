/** A string, a sign of structure, or anything else up to the next one. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Longer ones are for programs to read. */
const MAX_INDENTED = 100_000;
/**
 * Deeper levels stand as far to the right as this one. Arrays in arrays cost two letters each, and
 * with a line of its own and its indent each of them, somebody else's megabyte would be a gigabyte.
 */
const MAX_INDENT = 12;

/** JSON with line breaks and indents, its values as they are written: numbers keep their digits. */
export function indentJson(text: string): string {
  if (text.length > MAX_INDENTED) return text;
  const parts: string[] = [];
  let depth = 0;
  let before = "";
  const breakLine = (): void => {
    parts.push("\n", "  ".repeat(Math.min(depth, MAX_INDENT)));
  };
  for (const [token] of text.matchAll(TOKEN)) {
    const isEnd = token === "}" || token === "]";
    const wasStart = before === "{" || before === "[";
    if (isEnd) depth -= 1;
    if (isEnd ? !wasStart : wasStart || before === ",") breakLine();
    parts.push(token === ":" ? ": " : token);
    if (token === "{" || token === "[") depth += 1;
    before = token;
  }
  return parts.join("");
}
