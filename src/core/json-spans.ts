/**
 * Where things stand in a text that `JSON.parse` has taken: what is cut out by these places is what
 * was written, big numbers, key order and escapes included. Of a text that is no JSON nothing is said.
 */
export type Span = Readonly<{ start: number; end: number }>;

/**
 * The value of a member of the object that begins at `object`. The last one of that name, as it is
 * the one `JSON.parse` keeps.
 */
export function findMember(text: string, object: number, name: string): Span | undefined {
  let found: Span | undefined;
  for (let at = skipSpace(text, object + 1); text[at] === '"';) {
    const endOfKey = endOfString(text, at);
    const start = skipSpace(text, skipSpace(text, endOfKey) + 1);
    const end = endOfValue(text, start);
    if (stringAt(text, at, endOfKey) === name) found = { start, end };
    at = afterComma(text, end);
  }
  return found;
}

/** The values of the list that begins at `list`. */
export function listItems(text: string, list: number): readonly Span[] {
  const items: Span[] = [];
  let start = skipSpace(text, list + 1);
  while (start < text.length && text[start] !== "]") {
    const end = endOfValue(text, start);
    items.push({ start, end });
    start = afterComma(text, end);
  }
  return items;
}

/** Behind the closing quote: the next one with an even number of backslashes before it. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text[first - 1] === "\\") first -= 1;
    if ((end - first) % 2 === 0) return end + 1;
  }
  return text.length;
}

/** What the string between its quotes says. */
export function stringAt(text: string, start: number, end: number): string {
  const raw = text.slice(start, end);
  if (!raw.includes("\\")) return raw.slice(1, -1);
  const value: unknown = JSON.parse(raw);
  return typeof value === "string" ? value : "";
}

/** Whether lists and objects stand more than `limit` deep in each other. */
export function isNestedDeeper(text: string, limit: number): boolean {
  // Each level takes two characters.
  if (text.length < 2 * limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (isOpening(code)) depth += 1;
    else if (isClosing(code)) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

const QUOTE = 0x22;

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (!isOpening(first)) return endOfScalar(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (isOpening(code)) depth += 1;
    else if (isClosing(code)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at < text.length && !"\t\n\r ,]}".includes(text.charAt(at))) at += 1;
  return at;
}

function afterComma(text: string, end: number): number {
  const at = skipSpace(text, end);
  return text[at] === "," ? skipSpace(text, at + 1) : at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && "\t\n\r ".includes(text.charAt(at))) at += 1;
  return at;
}

/** `{` and `[`. */
function isOpening(code: number): boolean {
  return code === 0x7b || code === 0x5b;
}

/** `}` and `]`. */
function isClosing(code: number): boolean {
  return code === 0x7d || code === 0x5d;
}
