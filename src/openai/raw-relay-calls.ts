import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { mapSame } from "../core/map-same.ts";
import { createCallId } from "../llm/turn-record.ts";

/** Brings the pieces of a client's tool calls into the form strict readers ask for. */
export type CallRepair = Readonly<{
  /** The list itself where nothing had to be done. */
  repair: (calls: readonly JsonValue[]) => readonly JsonValue[];
  hasCalls: () => boolean;
}>;

/**
 * Open WebUI silently drops a call without `index`, and strict SDKs throw; some providers leave
 * out ids too, repeat an index for another call, or send the arguments as an object.
 */
export function createCallRepair(): CallRepair {
  /** By place in the answer. */
  const ids: string[] = [];
  /** The provider's index of each, where it gives one. */
  const places = new Map<number, number>();

  function placeOf(call: JsonObject, name: string | undefined): number {
    const id = textOf(call["id"]);
    const given = call["index"];
    if (typeof given !== "number") {
      const known = id === undefined ? -1 : ids.indexOf(id);
      if (known >= 0) return known;
      return id === undefined && name === undefined && ids.length > 0 ? ids.length - 1 : ids.length;
    }
    const known = places.get(given);
    const isOther = id !== undefined && name !== undefined && ids[known ?? -1] !== id;
    if (known !== undefined && !isOther) return known;
    places.set(given, ids.length);
    return ids.length;
  }

  function repairOne(call: JsonValue): JsonValue {
    if (!isJsonObject(call)) return {};
    const called = functionOf(call);
    const index = placeOf(call, textOf(called?.["name"]));
    const isFirst = index === ids.length;
    const id = isFirst ? (textOf(call["id"]) ?? createCallId()) : call["id"];
    if (isFirst && typeof id === "string") ids.push(id);
    const type =
      isFirst && called !== undefined ? (textOf(call["type"]) ?? "function") : call["type"];
    const own = withArgumentText(called, isFirst);
    if (
      index === call["index"] &&
      id === call["id"] &&
      type === call["type"] &&
      own === call["function"]
    ) {
      return call;
    }
    return {
      ...call,
      index,
      ...(id === undefined ? {} : { id }),
      ...(type === undefined ? {} : { type }),
      ...(own === undefined ? {} : { function: own }),
    };
  }

  return {
    repair: (calls) => mapSame(calls, repairOne),
    hasCalls: () => ids.length > 0,
  };
}

/** Workers AI puts name and arguments beside the id. */
function functionOf(call: JsonObject): JsonObject | undefined {
  const { function: called, name, arguments: given } = call;
  if (isJsonObject(called)) return called;
  return typeof name === "string" ? { name, arguments: given } : undefined;
}

function withArgumentText(
  called: JsonObject | undefined,
  isFirst: boolean,
): JsonObject | undefined {
  if (called === undefined) return undefined;
  const given = called["arguments"];
  if (typeof given === "string") return called;
  if (given !== undefined && given !== null) return { ...called, arguments: JSON.stringify(given) };
  return isFirst ? { ...called, arguments: "" } : called;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
