import type { JsonObject } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { asFunctionTool, type FunctionTool } from "./functions.ts";
import { nearNames } from "../catalog/near-names.ts";
import type { OfferedTools, ResolvedCall } from "./offered-tools.ts";
import { offerSearch, SEARCH_FUNCTIONS } from "./search-tools.ts";
import { nameTools, type NamedTool } from "./tool-names.ts";

const SHOWN_NEAR = 5;

export type Offering = Readonly<{
  /** As the caller sees them; names and calls are those of their scope. */
  tools: readonly VisibleTool[];
  /** `tools` of the request; they keep their names, and their places among `maxTools`. */
  clientTools: readonly JsonObject[];
  /** As many as one request may have in all. */
  maxTools: number;
  /** The caller has its tools searched for, however few they are. */
  isSearched?: boolean;
}>;

/**
 * The tools as functions where the request has room for all of them; else two functions with which
 * the model finds and calls them. None at all where the client's own leave no room for those two:
 * one more would cost the whole request.
 */
export function offerTools({
  tools,
  clientTools,
  maxTools,
  isSearched = false,
}: Offering): OfferedTools {
  const taken = namesOf(clientTools);
  const room = maxTools - clientTools.length;
  const fits = tools.length <= room;
  if (fits && (!isSearched || tools.length <= SEARCH_FUNCTIONS))
    return offerList(nameTools(tools, taken));
  if (room < SEARCH_FUNCTIONS) return offerList([]);
  return offerSearch(tools, taken);
}

function offerList(tools: readonly NamedTool[]): OfferedTools {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    functions: tools.map(toFunction),
    resolve(name, args): ResolvedCall {
      const tool = byName.get(name)?.visible;
      if (tool !== undefined) return { kind: "tool", tool, arguments: args };
      return { kind: "unknown", near: nearNames(name, [...byName.keys()], SHOWN_NEAR) };
    },
    without(name) {
      if (!byName.has(name)) return undefined;
      return offerList(tools.filter((tool) => tool.name !== name));
    },
  };
}

/** Projecting a schema costs more than all else here, and a listing lives longer than a request. */
const projected = new WeakMap<JsonObject, FunctionTool>();

function toFunction({ name, visible }: NamedTool): FunctionTool {
  const known = projected.get(visible.tool) ?? asFunctionTool(visible);
  projected.set(visible.tool, known);
  return known.function.name === name ? known : { ...known, function: { ...known.function, name } };
}

/** Of functions and custom tools, in the spellings of both OpenAI APIs. */
function namesOf(clientTools: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(
    clientTools
      .flatMap((tool) => [tool, tool["function"], tool["custom"]])
      .map((part) => (isJsonObject(part) ? part["name"] : undefined))
      .filter((name): name is string => typeof name === "string"),
  );
}
