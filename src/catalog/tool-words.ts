import { isJsonObject, type JsonObject } from "../core/json.ts";

/**
 * What every search for tools thinks of as words: in the isolate for a model's chat, and in the
 * object that searches for clients that list no tools.
 */
export type ToolWords = Readonly<Record<WordPlace, string>>;

/** Where a word stands says how much of the tool it is; the weightiest first. */
export const WORD_PLACES = ["name", "title", "backend", "description", "parameters"] as const;
export type WordPlace = (typeof WORD_PLACES)[number];

/** Of one text; what a tool does is said at its beginning. */
export const MAX_TEXT = 2_000;
const MAX_PARAMETERS = 40;
const MAX_QUERY = 400;
const MAX_QUERY_WORDS = 24;

/** They stand in every sentence and say nothing about a tool. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  "a about all am an and any are as at be been by can could did do does everything for from had has have he her him his how i in into is it its many me much my need of on or our out please she some so somebody something that the their them there these this to tool tools up us use using want was we were what when where which who will with would you your".split(
    " ",
  ),
);

/**
 * What people say for what tools are called. Few and general: a word of one trade that means
 * another thing in the next would bring more wrong tools than right ones.
 */
const SAME_MEANING: readonly (readonly string[])[] = [
  ["create", "add", "new", "make", "insert"],
  ["delete", "remove", "erase", "drop"],
  ["update", "edit", "change", "modify", "set"],
  ["get", "read", "show", "fetch", "retrieve", "view", "display"],
  ["list", "show", "browse"],
  ["search", "find", "query", "lookup"],
  ["send", "post"],
  ["run", "execute", "start", "launch"],
  ["folder", "directory"],
  ["file", "document"],
  ["mail", "email"],
  ["picture", "image", "photo"],
  ["web", "website", "page", "internet", "url"],
  ["rename", "move"],
  ["sum", "add", "total"],
  ["customer", "client"],
  ["repo", "repository"],
];

const meanings = indexMeanings();

/** The texts of a tool as they are searched. */
export function toolTexts(backend: string, ownName: string, tool: JsonObject): ToolWords {
  const { title, inputSchema } = tool;
  const properties = isJsonObject(inputSchema) ? inputSchema["properties"] : undefined;
  const parameters = isJsonObject(properties) ? Object.keys(properties) : [];
  return {
    name: ownName,
    title: typeof title === "string" ? title : "",
    backend,
    description: descriptionOf(tool),
    parameters: parameters.slice(0, MAX_PARAMETERS).join(" "),
  };
}

export function descriptionOf(tool: JsonObject): string {
  const { description, title } = tool;
  if (typeof description === "string" && description.trim() !== "") return description.trim();
  return typeof title === "string" ? title.trim() : "";
}

/** `getInvoice_PDF` is get, invoice, pdf. */
export function wordsOf(text: string): readonly string[] {
  const parted = text.slice(0, MAX_TEXT).replaceAll(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, " ");
  return folded(parted).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The words of a question that say something, each once; all of them where none does. */
export function askedWords(query: string): readonly string[] {
  const asked = [...new Set(wordsOf(query.slice(0, MAX_QUERY)))];
  const telling = asked.filter((word) => !EMPTY_WORDS.has(word));
  return (telling.length > 0 ? telling : asked).slice(0, MAX_QUERY_WORDS);
}

/** Other words for the same, without the word itself. */
export function likeMeaning(word: string): readonly string[] {
  return meanings.get(word) ?? [];
}

/** For the middle of a word, and for scripts without spaces between words. */
export function containable(words: readonly string[]): readonly string[] {
  return words.filter((word) => word.length > 1 && !EMPTY_WORDS.has(word));
}

/** One spelling for all that mean the same name: without case and separators. */
export function plainName(text: string): string {
  return wordsOf(text.slice(0, MAX_QUERY)).join("");
}

/** Lower case without accents, so that `Überfällig` is found by those who cannot type it. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
}

function indexMeanings(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const group of SAME_MEANING) {
    for (const word of group) {
      const others = found.get(word) ?? new Set();
      found.set(word, others);
      for (const other of group) if (other !== word) others.add(other);
    }
  }
  return new Map([...found].map(([word, others]) => [word, [...others]]));
}
