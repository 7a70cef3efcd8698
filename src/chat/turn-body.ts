import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { OfferedTools } from "./offered-tools.ts";

/** What makes one request to the model out of the client's. */
export type TurnParts = Readonly<{
  /** The client's request. */
  body: JsonObject;
  messages: readonly JsonObject[];
  offered: OfferedTools | undefined;
  stream: boolean;
  /** `first`: the client's own tool_choice counts; `last`: no more calls. */
  place: "first" | "later" | "last";
}>;

/** The functions a client brings along. */
export function clientTools({ tools }: JsonObject): readonly JsonObject[] {
  return Array.isArray(tools) ? tools.filter(isJsonObject) : [];
}

/** The name a tool of a client is called by; custom tools have theirs elsewhere. */
export function toolName(tool: JsonObject): string | undefined {
  const { function: own, custom, name } = tool;
  const named = isJsonObject(own) ? own["name"] : isJsonObject(custom) ? custom["name"] : name;
  return typeof named === "string" ? named : undefined;
}

export function turnBody({ body, messages, offered, stream, place }: TurnParts): JsonObject {
  const { tools: _, tool_choice: choice, stream_options: options, ...rest } = body;
  const tools = [...clientTools(body), ...(offered?.functions ?? [])];
  const members: JsonObject = { ...rest, messages, stream };
  const streaming = stream
    ? { stream_options: { ...(isJsonObject(options) ? options : {}), include_usage: true } }
    : {};
  if (tools.length === 0) return { ...members, ...streaming };
  const wanted = choiceAt(place, choice);
  return {
    ...members,
    ...streaming,
    tools,
    ...(wanted === undefined ? {} : { tool_choice: wanted }),
  };
}

/** A demanded call is demanded once: after it ran, the model may answer, or it would call for ever. */
function choiceAt(place: TurnParts["place"], choice: JsonValue | undefined): JsonValue | undefined {
  if (place === "last") return "none";
  if (place === "first" || choice === undefined || choice === null) return choice;
  const isDemand = choice === "required" || (isJsonObject(choice) && choice["type"] === "function");
  return isDemand ? "auto" : choice;
}
