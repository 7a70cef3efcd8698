import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { CallPart } from "./turn.ts";

/**
 * Tells which call of a turn each piece belongs to. Providers leave out `index`, repeat it for
 * another call, leave out ids or repeat them in every piece, and send arguments as objects.
 */
export class CallPieces {
  /** The first id of each, by place in the turn. */
  readonly #ids: (string | undefined)[] = [];
  readonly #byId = new Map<string, number>();
  /** By the provider's index, where it gives one. */
  readonly #byIndex = new Map<number, number>();

  get size(): number {
    return this.#ids.length;
  }

  /** Undefined for a piece that says nothing. */
  read(piece: JsonValue): CallPart | undefined {
    if (!isJsonObject(piece)) return undefined;
    const { called, extra } = takeApart(piece);
    const id = textOf(piece["id"]);
    const name = textOf(called["name"]);
    const argumentText = argumentTextOf(called["arguments"]);
    const said = [id, name, argumentText, extra].some((value) => value !== undefined);
    if (!said) return undefined;
    return {
      position: this.#place(piece["index"], id, name),
      ...(id === undefined ? {} : { id }),
      ...(name === undefined ? {} : { name }),
      ...(argumentText === undefined ? {} : { argumentText }),
      ...(extra === undefined ? {} : { extra }),
    };
  }

  #place(index: JsonValue | undefined, id: string | undefined, name: string | undefined): number {
    const place = this.#find(index, id, name) ?? this.#ids.push(undefined) - 1;
    if (typeof index === "number") this.#byIndex.set(index, place);
    if (id !== undefined && this.#ids[place] === undefined) {
      this.#ids[place] = id;
      this.#byId.set(id, place);
    }
    return place;
  }

  #find(
    index: JsonValue | undefined,
    id: string | undefined,
    name: string | undefined,
  ): number | undefined {
    if (typeof index === "number") {
      const known = this.#byIndex.get(index);
      const before = this.#ids[known ?? -1];
      const isOther =
        id !== undefined && name !== undefined && before !== undefined && before !== id;
      return isOther ? undefined : known;
    }
    if (id !== undefined) return this.#byId.get(id);
    return name === undefined && this.#ids.length > 0 ? this.#ids.length - 1 : undefined;
  }
}

type Apart = Readonly<{ called: JsonObject; extra: JsonObject | undefined }>;

/** Workers AI puts name and arguments beside the id; custom tools have a text in place of them. */
function takeApart(piece: JsonObject): Apart {
  const { id: _, index: __, type: ___, function: own, custom, ...rest } = piece;
  if (isJsonObject(custom)) {
    const { name, input } = custom;
    return { called: { name, arguments: input }, extra: { ...rest, type: "custom" } };
  }
  if (isJsonObject(own)) return { called: own, extra: filled(rest) };
  const { name, arguments: given, ...others } = rest;
  return { called: { name, arguments: given }, extra: filled(others) };
}

function filled(rest: JsonObject): JsonObject | undefined {
  const entries = Object.entries(rest).filter(([, value]) => value !== null);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function argumentTextOf(given: JsonValue | undefined): string | undefined {
  if (given === undefined || given === null) return undefined;
  return textOf(typeof given === "string" ? given : JSON.stringify(given));
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
