import { indentJson } from "../core/indent-json.ts";
import type { JsonObject } from "../core/json.ts";

/** More would hide the question; what is missing is said, so that nobody allows it unseen. */
const MAX_ARGUMENTS = 20_000;

/** Letters that are not seen, or that turn around what is: the person would read something else. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\x7f-\x9f]/gu;

/** The arguments of a call as a person can judge them; `missing` characters are left out. */
export function shownArguments(args: JsonObject): Readonly<{ text: string; missing: number }> {
  const text = withoutUnseen(indentJson(JSON.stringify(args)));
  const missing = text.length - MAX_ARGUMENTS;
  if (missing <= 0) return { text, missing: 0 };
  return { text: text.slice(0, MAX_ARGUMENTS).toWellFormed(), missing };
}

/** JSON with every letter to be seen, as JSON may write them as well. */
export function withoutUnseen(json: string): string {
  return json.replaceAll(UNSEEN, (letter) =>
    Array.from({ length: letter.length }, (_, at) => {
      return `\\u${letter.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}
