import { parseDocumentText } from "../config/config-document.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** Where an object of backends may begin: a comment or a text may look the same. */
const OPENINGS = /(["']?)(mcpServers|servers)\1\s*:\s*\{/g;

/**
 * A document with more entries, everything else in it as it was written, comments too. Each place
 * that looks right is tried, and the one where a reader finds what is wanted is right. Undefined
 * where there is none.
 */
export function insertEntries(text: string, entries: JsonObject): string | undefined {
  const before = parseDocumentText(text);
  const key =
    before["mcpServers"] === undefined && isJsonObject(before["servers"])
      ? "servers"
      : "mcpServers";
  const servers = before[key];
  const present = isJsonObject(servers) ? servers : {};
  const wanted = inOrder({ ...before, [key]: { ...entries, ...present } });
  const lines = Object.entries(entries).map(
    ([name, entry]) => `${JSON.stringify(name)}: ${indent(JSON.stringify(entry, null, 2), 4)}`,
  );
  const isEmpty = Object.keys(present).length === 0;
  const addition = `\n    ${lines.join(",\n    ")}${isEmpty ? "\n  " : ","}`;
  for (const { index, 0: opening } of text.matchAll(OPENINGS)) {
    const at = index + opening.length;
    const merged = text.slice(0, at) + addition + text.slice(at);
    if (reads(merged) === wanted) return merged;
  }
  if (servers !== undefined || !isPlain(text)) return undefined;
  return `${JSON.stringify({ ...before, [key]: entries }, null, 2)}\n`;
}

function reads(text: string): string | undefined {
  try {
    return inOrder(parseDocumentText(text));
  } catch {
    return undefined; // it was a comment, or a text
  }
}

/** JSON with keys in order, so that equal documents are equal texts. */
function inOrder(document: JsonObject): string {
  return JSON.stringify(document, (_key, value: unknown) =>
    isJsonObject(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Nothing is lost when it is written anew. */
function isPlain(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function indent(text: string, width: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(width)}`);
}
