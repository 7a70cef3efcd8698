import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** Whatever stands before the path; two texts that are the same here lead to the same place. */
const ORIGIN = /^[a-z]+:\/\/[^/?#]*/i;

/**
 * Where the secrets of an entry go to, in one text: the addresses it names, in its `oauth` part too,
 * without their paths. Whoever may change an entry must not get its kept secrets sent elsewhere.
 */
export function secretPlaces(entry: JsonObject): string {
  return [...new Set(addressesIn(entry))].toSorted().join(" ");
}

function addressesIn(part: JsonObject): readonly string[] {
  return Object.entries(part).flatMap(([key, value]) =>
    key === "oauth" && isJsonObject(value) ? addressesIn(value) : addressIn(value),
  );
}

function addressIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value !== "string") return [];
  const origin = ORIGIN.exec(value)?.[0];
  return origin === undefined ? [] : [origin.toLowerCase()];
}
