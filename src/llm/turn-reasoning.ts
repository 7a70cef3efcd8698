import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** Members that come in pieces; of all others the last stands. */
const GROWING: ReadonlySet<string> = new Set(["text", "summary", "data"]);

type Detail = Readonly<{ key: string | undefined; members: Map<string, DetailMember> }>;
type DetailMember = { value: JsonValue; pieces: string[] | undefined };

/**
 * OpenRouter's `reasoning_details`, put together from the pieces of a stream: those of one index and
 * type are one. A signature covers the text before it, so the order and every character stay.
 */
export class ReasoningDetails {
  readonly #details: Detail[] = [];

  add(pieces: readonly JsonValue[]): void {
    for (const piece of pieces) {
      if (!isJsonObject(piece)) continue;
      const detail = this.#detailOf(piece);
      for (const [key, value] of Object.entries(piece)) addMember(detail, key, value);
    }
  }

  list(): readonly JsonObject[] {
    return this.#details.map(({ members }) =>
      Object.fromEntries(
        [...members].map(([key, { value, pieces }]) => [key, pieces?.join("") ?? value]),
      ),
    );
  }

  #detailOf({ index, type, id }: JsonObject): Detail {
    const key = typeof index === "number" ? JSON.stringify([index, type]) : undefined;
    const known =
      key === undefined ? undefined : this.#details.findLast((detail) => detail.key === key);
    if (known !== undefined && isSame(known.members.get("id")?.value, id)) return known;
    const detail = { key, members: new Map<string, DetailMember>() };
    this.#details.push(detail);
    return detail;
  }
}

function isSame(known: JsonValue | undefined, id: JsonValue | undefined): boolean {
  return typeof known !== "string" || typeof id !== "string" || known === id;
}

function addMember({ members }: Detail, key: string, value: JsonValue | undefined): void {
  const known = members.get(key);
  if (known === undefined) {
    const pieces = GROWING.has(key) && typeof value === "string" ? [value] : undefined;
    members.set(key, { value: value ?? null, pieces });
  } else if (known.pieces !== undefined && typeof value === "string") {
    known.pieces.push(value);
  } else if (value !== undefined && value !== null) {
    known.value = value;
    known.pieces = GROWING.has(key) && typeof value === "string" ? [value] : undefined;
  }
}
