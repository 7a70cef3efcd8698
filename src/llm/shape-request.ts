import type { ProfileName } from "../config/llm-config.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { PROFILE_FACTS, type ProfileFacts } from "./profile-facts.ts";
import { shapeMessages } from "./shape-messages.ts";

export type Shaping = Readonly<{
  profile: ProfileName;
  /** As the provider calls it. */
  model: string;
  /** A stream is to tell its usage, whether the client asked or not. */
  wantsUsage: boolean;
  shapeTools: (profile: ProfileName, tools: readonly JsonObject[]) => readonly JsonObject[];
}>;

/** OpenAI's models that know only `max_completion_tokens`; a vendor may stand before the name. */
const NEWER_MODEL = /^(?:[\w.-]+\/)*(?:o\d|gpt-[5-9])/;

/** A chat request as this provider takes it: fields left out, renamed and clamped by its profile. */
export function shapeRequest(body: JsonObject, shaping: Shaping): JsonObject {
  const { profile, model } = shaping;
  const facts = PROFILE_FACTS[profile];
  const shaped: Record<string, JsonValue | undefined> = {
    ...body,
    model,
    messages: shapeMessages(body["messages"], facts),
    ...streamFields(body, shaping.wantsUsage),
    ...tokenFields(body, facts, model),
    ...toolFields(body, facts, (tools) => shaping.shapeTools(profile, tools)),
    ...seedFields(body, profile),
  };
  clamp(shaped, "temperature", 0, facts.temperatureMax);
  clamp(shaped, "top_p", 0, 1);
  clamp(shaped, "presence_penalty", -2, 2);
  clamp(shaped, "frequency_penalty", -2, 2);
  const { fields } = facts;
  const isTaken = (field: string): boolean =>
    (fields === undefined || fields.has(field)) &&
    !(field === "stream_options" && facts.usageUnasked === true);
  return Object.fromEntries(
    Object.entries(shaped).filter(([field, value]) => value !== undefined && isTaken(field)),
  );
}

type Fields = Readonly<Record<string, JsonValue | undefined>>;

/** `stream_options` without a stream is an error. */
function streamFields(
  { stream, stream_options: options }: JsonObject,
  wantsUsage: boolean,
): Fields {
  if (stream !== true) return { stream_options: undefined };
  if (!wantsUsage) return {};
  return { stream_options: { ...(isJsonObject(options) ? options : {}), include_usage: true } };
}

function tokenFields(
  { max_tokens: older, max_completion_tokens: newer }: JsonObject,
  { maxTokens }: ProfileFacts,
  model: string,
): Fields {
  const most = newer ?? older;
  if (most === undefined) return {};
  const knowsNewer = maxTokens !== "max_tokens" && NEWER_MODEL.test(model);
  const isNewer = knowsNewer || (maxTokens === "either" && newer !== undefined);
  return isNewer
    ? { max_tokens: undefined, max_completion_tokens: most }
    : { max_tokens: most, max_completion_tokens: undefined };
}

/** Without tools nothing may be said about them. */
const NO_TOOLS: Fields = {
  tools: undefined,
  tool_choice: undefined,
  parallel_tool_calls: undefined,
};

function toolFields(
  { tools: given, tool_choice: choice }: JsonObject,
  { toolChoice }: ProfileFacts,
  shapeTools: (tools: readonly JsonObject[]) => readonly JsonObject[],
): Fields {
  const tools = Array.isArray(given) ? given.filter(isJsonObject) : [];
  if (tools.length === 0) return NO_TOOLS;
  if (toolChoice === "all") return { tools: [...shapeTools(tools)], ...withoutNull(choice) };
  // Where it would call one all the same, it may know of none.
  if (choice === "none")
    return toolChoice === "none" ? NO_TOOLS : { tools: [...shapeTools(tools)] };
  const named = isJsonObject(choice) ? nameOf(choice) : undefined;
  const only = tools.filter((tool) => nameOf(tool) === named);
  const shown = shapeTools(only.length === 0 ? tools : only);
  const isDemand = choice === "required" || only.length > 0;
  return {
    tools: [...shown],
    tool_choice: toolChoice === "no name" && isDemand ? "required" : undefined,
  };
}

function withoutNull(choice: JsonValue | undefined): Fields {
  return choice === null ? { tool_choice: undefined } : {};
}

function nameOf({ function: own }: JsonObject): string | undefined {
  const name = isJsonObject(own) ? own["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

/** Mistral has its own name for it. */
function seedFields({ seed, random_seed: own }: JsonObject, profile: ProfileName): Fields {
  return profile === "mistral" && seed !== undefined ? { random_seed: own ?? seed } : {};
}

/** A value outside fails the whole request at some providers and is cut at others. */
function clamp(
  fields: Record<string, JsonValue | undefined>,
  name: string,
  least: number,
  most: number,
): void {
  const value = fields[name];
  if (typeof value === "number") fields[name] = Math.min(Math.max(value, least), most);
}
