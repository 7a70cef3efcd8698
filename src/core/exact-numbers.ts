import type { JsonValue } from "./json.ts";

/** Numbers that a double may not hold: many digits, an exponent, or the zero below zero. */
const SUSPECT = /[\d.]{16}|\d[eE][-+\d]|-0/;

/**
 * A text that is JSON, with every number as it was written: what is made of this by `JSON.stringify`
 * has the digits of its source. Only to be passed on, as such a number is an object here. Undefined
 * where plain parsing loses nothing, which is nearly always.
 */
export function parseExactly(text: string): JsonValue | undefined {
  if (!SUSPECT.test(text)) return undefined;
  // Not in the types yet: https://github.com/tc39/proposal-json-parse-with-source
  const rawJSON: unknown = Reflect.get(JSON, "rawJSON");
  if (typeof rawJSON !== "function") return undefined;
  const value: JsonValue = JSON.parse(
    text,
    (_: string, found: unknown, context?: { source?: string }): unknown => {
      const source = context?.source;
      if (typeof found !== "number" || source === undefined || source === String(found)) {
        return found;
      }
      return rawJSON(source);
    },
  );
  return value;
}
