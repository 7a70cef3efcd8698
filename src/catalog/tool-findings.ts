import { isJsonObject, type JsonValue } from "../core/json.ts";
import { findInvisible, showInvisible } from "./invisible-text.ts";
import type { ListedTool } from "./listing.ts";
import { MODEL_TRICKS } from "./model-tricks.ts";

export type Finding = Readonly<{
  /** A sentence without a full stop, with what was found in it made visible. */
  text: string;
  /** Where approval is asked for, a tool with one of these is not served before it. */
  serious: boolean;
}>;

/** The longest of well-known servers have 8,000; a model reads all of it before every answer. */
export const MAX_DESCRIPTION = 16_384;
/** Enough to see what it is about. */
const MAX_FINDINGS = 20;
const MAX_QUOTED = 160;
/** No word of any language: an encoded text in a place meant for words. */
const BLOB = /[A-Za-z0-9+/]{120,}/;
const PICTURE = /^data:image\//;
/** Of one text, before and after its letters are brought to one form. */
const MAX_TEXT = 65_536;
/** Of one alphabet, drawn like letters of ours; in a name there is one reason to mix them. */
const LOOKALIKES =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}\uff01-\uff5e]/u;

/**
 * What in a tool's definition is not meant for people, or speaks to the model about other things than
 * the tool. Guesses, made to be looked at: an attack in plain words passes, which is why changes have
 * to be approved whatever they look like. In time linear to the definition; nothing is fetched.
 */
export function findOddities(tool: ListedTool): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (serious: boolean, text: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ serious, text });
  };
  if (/[A-Za-z]/.test(tool.name) && LOOKALIKES.test(tool.name.normalize("NFC"))) {
    add(true, `its name "${quoted(tool.name)}" mixes letters that look alike`);
  }
  const { description } = tool;
  if (typeof description === "string" && description.length > MAX_DESCRIPTION) {
    add(true, `its description has ${description.length} characters, more than ${MAX_DESCRIPTION}`);
  }
  for (const { path, text: whole } of textsIn(tool)) {
    const text = whole.slice(0, MAX_TEXT);
    if (whole.length > MAX_TEXT && !PICTURE.test(whole)) {
      add(true, `${path} is longer than what is looked at: ${whole.length} characters`);
    }
    const hidden = findInvisible(text);
    if (hidden.length > 0) add(true, `${path} has characters that are not seen: ${listed(hidden)}`);
    if (path.endsWith("$ref") && /^[a-z][a-z0-9+.-]*:|^\/\//i.test(text)) {
      add(false, `${path} refers to "${quoted(text)}", which is never fetched`);
      continue;
    }
    if (hasBlob(text)) add(true, `${path} has a long text in code, not in words`);
    const plain = plainText(text);
    for (const { pattern, says, serious } of MODEL_TRICKS) {
      const found = pattern.exec(plain);
      if (found !== null) add(serious, `${path} ${says}: "${quoted(around(plain, found))}"`);
    }
  }
  return findings;
}

/** Long lines of dashes and paths are no code: it has letters of both sizes, and digits. */
function hasBlob(text: string): boolean {
  const found = PICTURE.test(text) ? undefined : BLOB.exec(text)?.[0];
  return found !== undefined && /[A-Z]/.test(found) && /[a-z]/.test(found) && /\d/.test(found);
}

/** As a model reads it: without what is not seen, letters of one form, words one space apart. */
function plainText(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/\p{Cf}+/gu, "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/[’‘]/g, "'");
}

function around(text: string, { index, 0: match }: RegExpExecArray): string {
  return text.slice(Math.max(0, index - 20), index + Math.min(match.length, MAX_QUOTED) + 20);
}

function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return showInvisible(cut).replaceAll(/\s+/g, " ").trim();
}

/** More kinds of them say nothing more. */
const MAX_CODES = 5;

function listed(hidden: readonly Readonly<{ code: string; count: number }>[]): string {
  const named = hidden.slice(0, MAX_CODES).map(({ code, count }) => `${code} (${count} times)`);
  return hidden.length > MAX_CODES ? `${named.join(", ")} and others` : named.join(", ");
}

type Place = Readonly<{ path: string; text: string }>;

/** Every text of it, names of properties too. The depth of an entry is bounded when it is collected. */
function* textsIn(value: JsonValue, path = ""): Generator<Place> {
  if (typeof value === "string") {
    yield { path: path === "" ? "it" : path, text: value };
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly JsonValue[]).entries()) {
      yield* textsIn(item, `${path}[${index}]`);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const inner = pathTo(path, key);
    yield { path: `the name of ${inner}`, text: key };
    if (item !== undefined) yield* textsIn(item, inner);
  }
}

/** A path is read by people: its end says where. */
const MAX_PATH = 120;

function pathTo(path: string, key: string): string {
  const joined = `${path === "" ? "" : `${path}.`}${showInvisible(key.slice(0, MAX_PATH))}`;
  return joined.length > MAX_PATH ? `…${joined.slice(-MAX_PATH)}` : joined;
}
