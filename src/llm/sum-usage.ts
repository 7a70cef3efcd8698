import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** What several turns used together, in the shape providers tell it; of what is no number the last. */
export function addUsage(
  sum: JsonObject | undefined,
  more: JsonObject | undefined,
): JsonObject | undefined {
  if (sum === undefined || more === undefined) return more ?? sum;
  const added = Object.entries(more).map(([key, value]) => [
    key,
    addValues(Object.hasOwn(sum, key) ? sum[key] : undefined, value),
  ]);
  return { ...sum, ...Object.fromEntries(added) };
}

function addValues(sum: JsonValue | undefined, more: JsonValue | undefined): JsonValue | undefined {
  if (typeof sum === "number" && typeof more === "number") return sum + more;
  if (isJsonObject(sum) && isJsonObject(more)) return addUsage(sum, more);
  return more ?? sum;
}
