import { isJsonObject, type JsonObject } from "../core/json.ts";
import { findJsonFault } from "../core/json-fault.ts";

export type ModelArguments =
  | Readonly<{ kind: "arguments"; value: JsonObject }>
  /** What the model reads, to try again. */
  | Readonly<{ kind: "fault"; text: string }>;

/**
 * The arguments of a call as a model wrote them. Models without any write nothing or `null`, and
 * some write the object as a JSON string.
 */
export function parseModelArguments(text: string): ModelArguments {
  if (text.trim() === "") return { kind: "arguments", value: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault(`arguments are not valid JSON: ${findJsonFault(text)}`);
  }
  if (value === null) return { kind: "arguments", value: {} };
  const object = typeof value === "string" ? objectIn(value) : value;
  if (isJsonObject(object)) return { kind: "arguments", value: object };
  return fault('arguments are not a JSON object, for example {"a": 1}');
}

function objectIn(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a text, and no object written as one
  }
}

function fault(reason: string): ModelArguments {
  return { kind: "fault", text: `Error: ${reason}` };
}
