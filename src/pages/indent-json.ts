/** A string, a sign of structure, or anything else up to the next one. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** JSON with line breaks and indents, its values as they are written: numbers keep their digits. */
export function indentJson(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  let before = "";
  const breakLine = (): void => {
    parts.push("\n", "  ".repeat(depth));
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
