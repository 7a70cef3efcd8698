import { isJsonObject } from "../core/json.ts";

/** A finished call as Open WebUI shows it inside a text. */
export type ToolCard = Readonly<{
  /** The model's id of the call. */
  id: string;
  name: string;
  /** A JSON object as text. */
  argumentText: string;
  /** What the model read. */
  text: string;
}>;

/** What tells our cards from everybody else's. */
const OURS = "mgw-";
export const CARD_START = `<details type="tool_calls" done="true" id="${OURS}`;
const NAME = '" name="';
const ARGUMENTS = '" arguments="';
/** Open WebUI reads a card only with these line breaks. */
const SUMMARY = '">\n<summary>Tool Executed</summary>\n';
const CARD_END = "\n</details>";
/** A card is a block of its own in Markdown, whatever text it stands in. */
const APART = "\n\n";

/** Ours are far shorter; a provider refuses what is not. */
const MAX_ID = 200;
const MAX_NAME = 64;

/** The card in the form that Open WebUI writes itself: attributes and body are escaped JSON. */
export function toolCard({ id, name, argumentText, text }: ToolCard): string {
  const attributes =
    CARD_START +
    escaped(id) +
    NAME +
    escaped(name) +
    ARGUMENTS +
    escaped(JSON.stringify(argumentText));
  return APART + attributes + SUMMARY + escaped(JSON.stringify(text)) + CARD_END + APART;
}

/**
 * The card of ours that begins at `start` with `CARD_START`, and where it ends; undefined for what
 * only looks like one. Reads no further than the next quote or bracket, whatever was sent.
 */
export function readToolCard(
  text: string,
  start: number,
): Readonly<{ card: ToolCard; end: number }> | undefined {
  const id = readUntil(text, start + CARD_START.length, NAME);
  const name = readUntil(text, id?.end, ARGUMENTS);
  const argumentJson = readUntil(text, name?.end, SUMMARY);
  const result = readUntil(text, argumentJson?.end, CARD_END);
  if (id === undefined || name === undefined) return undefined;
  if (argumentJson === undefined || result === undefined) return undefined;
  const argumentText = stringIn(argumentJson.value);
  const said = stringIn(result.value);
  if (argumentText === undefined || said === undefined || !isObjectText(argumentText)) {
    return undefined;
  }
  if (id.value === "" || id.value.length > MAX_ID || name.value === "") return undefined;
  const card = { id: id.value, name: safeName(name.value), argumentText, text: said };
  return { card, end: result.end };
}

type Part = Readonly<{ value: string; end: number }>;

/** What stands before `mark`, which must come first of all that escaped text cannot hold. */
function readUntil(text: string, from: number | undefined, mark: string): Part | undefined {
  if (from === undefined) return undefined;
  const stop = mark === CARD_END ? "\n" : '"';
  const at = text.indexOf(stop, from);
  if (at === -1 || !text.startsWith(mark, at)) return undefined;
  return { value: unescaped(text.slice(from, at)), end: at + mark.length };
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#x27;"],
  // No pattern of a line goes over them, and Open WebUI reads attributes with one.
  ["\n", "&#10;"],
  ["\r", "&#13;"],
  ["\u2028", "&#8232;"],
  ["\u2029", "&#8233;"],
]);
const CHARACTERS = new Map([...ENTITIES].map(([character, entity]) => [entity, character]));

function escaped(text: string): string {
  return text.replaceAll(/[&<>"'\n\r\u2028\u2029]/g, (found) => ENTITIES.get(found) ?? found);
}

function unescaped(text: string): string {
  return text.replaceAll(/&#?[a-z0-9]{1,6};/g, (found) => CHARACTERS.get(found) ?? found);
}

function stringIn(json: string): string | undefined {
  const value = parsed(json);
  return typeof value === "string" ? value : undefined;
}

function isObjectText(text: string): boolean {
  return isJsonObject(parsed(text));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // no card of ours
  }
}

/** A history anybody can edit goes to a provider that refuses the whole request for one name. */
function safeName(name: string): string {
  const clean = name.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  return (/^[a-zA-Z_]/.test(clean) ? clean : `_${clean}`).slice(0, MAX_NAME);
}
