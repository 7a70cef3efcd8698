import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** A model reads all of it: about 20,000 tokens at the very most, a tenth of that as a rule. */
const PAGE = 100;
const MAX_TEXT = 300;
const MAX_ARGUMENTS = 30;

export type EntryPage = Readonly<{
  entries: readonly JsonObject[];
  /** Of those that match the filter. */
  total: number;
  nextCursor: string | undefined;
}>;

export const PAGE_ARGUMENTS = {
  type: "object",
  properties: {
    filter: {
      type: "string",
      description: "Words that must all occur in name, title, description or URI",
    },
    cursor: { type: "string", description: "From the answer before, for the entries after it" },
  },
  additionalProperties: false,
} as const;

const pageArguments = z.object({
  filter: z.string().max(200).default(""),
  cursor: z
    .string()
    .regex(/^\d{1,7}$/)
    .default("0"),
});

/**
 * Some entries of a list, short enough for a model. Throws `invalid_params`. The cursor is a place
 * in the list as it is now: models look around rather than collect, and a list that has changed
 * meanwhile costs them no more than an entry seen twice.
 */
export function entryPage(all: readonly JsonObject[], args: JsonObject): EntryPage {
  const parsed = pageArguments.safeParse(args);
  if (!parsed.success) {
    throw new GatewayError(
      "invalid_params",
      `Cannot list: "${parsed.error.issues[0]?.path.join(".") ?? ""}" is not valid`,
    );
  }
  const words = parsed.data.filter.toLowerCase().split(/\s+/);
  const matching = all.filter((entry) => {
    const text = KEYS.map((key) => stringOf(entry[key]))
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const start = Number(parsed.data.cursor);
  const end = start + PAGE;
  return {
    entries: matching.slice(start, end).map(shortened),
    total: matching.length,
    nextCursor: end < matching.length ? String(end) : undefined,
  };
}

/** One line: what a model needs to choose and to ask for it. */
export function describeEntry(entry: JsonObject): string {
  const { uri, uriTemplate, name, title, description, mimeType } = entry;
  const handle = stringOf(uri) || stringOf(uriTemplate) || stringOf(name);
  const label = [stringOf(title) || stringOf(name), stringOf(description)]
    .filter((part) => part !== "" && part !== handle)
    .join(": ");
  const list = entry["arguments"];
  const args = Array.isArray(list) ? list.map(describeArgument).join(", ") : "";
  return [
    `- ${handle}`,
    args === "" ? "" : ` (${args})`,
    label === "" ? "" : ` — ${label}`,
    stringOf(mimeType) === "" ? "" : ` [${stringOf(mimeType)}]`,
  ]
    .join("")
    .replaceAll(/\s+/g, " ");
}

function describeArgument(argument: JsonValue): string {
  if (!isJsonObject(argument)) return "";
  return stringOf(argument["name"]) + (argument["required"] === true ? "" : "?");
}

const KEYS = ["uri", "uriTemplate", "name", "title", "description", "mimeType"] as const;

/** A handle is never cut: it would not be one any more. */
function shortened(entry: JsonObject): JsonObject {
  const { size, arguments: list } = entry;
  const kept = KEYS.flatMap((key) => {
    const text = stringOf(entry[key]);
    const isHandle = key === "uri" || key === "uriTemplate" || key === "name";
    return text === "" ? [] : [[key, isHandle ? text : bounded(text)] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...(typeof size === "number" ? { size } : {}),
    ...(Array.isArray(list)
      ? { arguments: list.slice(0, MAX_ARGUMENTS).filter(isJsonObject).map(shortenedArgument) }
      : {}),
  };
}

function shortenedArgument({ name, description, required }: JsonObject): JsonObject {
  const about = stringOf(description);
  return {
    name: stringOf(name),
    ...(about === "" ? {} : { description: bounded(about) }),
    ...(required === true ? { required } : {}),
  };
}

function bounded(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
