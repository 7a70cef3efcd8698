import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { splitText } from "./split-text.ts";

/** Long texts of a delta are cut into several; everything else passes whole. */
const TEXT_KEYS = ["content", "reasoning_content", "reasoning", "thinking", "refusal"] as const;
/** Shorter ones fit one event whatever JSON makes of them; looking closer costs time per token. */
const SURELY_SHORT = 2_000;

/** The delta in pieces for one event each, that add up to the same. */
export function splitDelta(delta: JsonObject): readonly JsonObject[] {
  const long = TEXT_KEYS.find((key) => isLong(delta[key]));
  if (long === undefined) return [delta];
  const { [long]: text, ...rest } = delta;
  if (typeof text !== "string") return [delta];
  const pieces = [...splitText(text)].map((piece): JsonObject => ({ [long]: piece }));
  return Object.keys(rest).length === 0 ? pieces : [...pieces, ...splitDelta(rest)];
}

/** The same for one entry of `tool_calls`: what names the call comes with the first piece. */
export function splitCall(call: JsonObject): readonly JsonObject[] {
  const { function: called, index = 0, ...rest } = call;
  if (!isJsonObject(called) || !isLong(called["arguments"])) return [call];
  const { arguments: text, ...naming } = called;
  const [first = "", ...more] = splitText(typeof text === "string" ? text : "");
  return [
    { ...rest, index, function: { ...naming, arguments: first } },
    ...more.map((piece) => ({ index, function: { arguments: piece } })),
  ];
}

function isLong(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value.length > SURELY_SHORT;
}
