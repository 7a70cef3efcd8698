import { isJsonObject, type JsonValue } from "../core/json.ts";
import { configProblem, quoted } from "./config-problem.ts";

export type NumberBounds = Readonly<{
  min: number;
  max: number;
  /** Whole numbers only. */
  whole?: boolean;
  /** Before the bounds in an error, such as `seconds`. */
  unit?: string;
}>;

/** An object of a part of the config that is ours. Every reader throws `config_invalid`. */
export type StrictPart = Readonly<{
  value: (key: string) => JsonValue | undefined;
  /** Where the value stands, in the spelling that was written. */
  pathOf: (key: string) => string;
  number: (key: string, bounds: NumberBounds) => number | undefined;
  boolean: (key: string) => boolean | undefined;
  choice: <Choice extends string>(key: string, choices: readonly Choice[]) => Choice | undefined;
  /** Not empty, on one line. */
  text: (key: string, maxLength: number) => string | undefined;
  texts: (key: string, bounds: TextsBounds) => readonly string[] | undefined;
}>;

export type TextsBounds = Readonly<{ maxCount: number; maxLength: number }>;

/**
 * Strict, because a misspelt key of ours must not silently be a default. Each key is known in
 * camelCase and snake_case, and by the names `spellings` gives it (other name to key).
 */
export function readStrict(
  path: string,
  given: unknown,
  keys: readonly string[],
  spellings: Readonly<Record<string, string>> = {},
): StrictPart {
  if (!isJsonObject(given)) throw configProblem(path, given, "an object");
  const found = new Map<string, Readonly<{ written: string; value: JsonValue | undefined }>>();
  for (const [written, value] of Object.entries(given)) {
    const key =
      (Object.hasOwn(spellings, written) ? spellings[written] : undefined) ?? camelCase(written);
    if (!keys.includes(key)) {
      // Its value may be a credential under a misspelt key.
      throw configProblem(`${path}.${written.slice(0, 60)}`, "…", `only the keys ${quoted(keys)}`);
    }
    const other = found.get(key);
    if (other !== undefined) {
      throw configProblem(
        `${path}.${written}`,
        "…",
        `only one of "${other.written}" and "${written}": they mean the same`,
      );
    }
    found.set(key, { written, value });
  }
  const pathOf = (key: string): string => `${path}.${found.get(key)?.written ?? key}`;
  const value = (key: string): JsonValue | undefined => found.get(key)?.value;

  return {
    value,
    pathOf,
    number(key, bounds) {
      const one = value(key);
      if (one === undefined || isWithin(one, bounds)) return one;
      throw configProblem(pathOf(key), one, describeBounds(bounds));
    },
    boolean(key) {
      const one = value(key);
      if (one === undefined || typeof one === "boolean") return one;
      throw configProblem(pathOf(key), one, "true or false");
    },
    choice(key, choices) {
      const one = value(key);
      if (one === undefined) return undefined;
      const chosen = choices.find((choice) => choice === one);
      if (chosen === undefined) throw configProblem(pathOf(key), one, `one of ${quoted(choices)}`);
      return chosen;
    },
    text(key, maxLength) {
      const one = value(key);
      if (one === undefined || isLine(one, maxLength)) return one;
      throw configProblem(pathOf(key), one, `a text of 1 to ${maxLength} characters on one line`);
    },
    texts(key, { maxCount, maxLength }) {
      const one = value(key);
      if (one === undefined) return undefined;
      const wanted = `a list of up to ${maxCount} texts of 1 to ${maxLength} characters`;
      if (!Array.isArray(one) || one.length > maxCount)
        throw configProblem(pathOf(key), one, wanted);
      const texts: string[] = [];
      for (const item of one) {
        if (!isLine(item, maxLength)) throw configProblem(pathOf(key), item, wanted);
        texts.push(item);
      }
      return texts;
    },
  };
}

export function isLine(value: unknown, maxLength: number): value is string {
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    value.length <= maxLength &&
    !/\p{Cc}/u.test(value)
  );
}

function isWithin(value: JsonValue, { min, max, whole = false }: NumberBounds): value is number {
  if (typeof value !== "number" || !(value >= min && value <= max)) return false;
  return !whole || Number.isInteger(value);
}

function describeBounds({ min, max, whole = false, unit }: NumberBounds): string {
  return `${unit ?? (whole ? "a whole number" : "a number")} from ${min} to ${max}`;
}

export function camelCase(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
