import { functionParameters } from "../catalog/function-schema.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { nearNames } from "../catalog/near-names.ts";
import { descriptionOf } from "../catalog/tool-words.ts";
import type { FunctionTool } from "./functions.ts";
import type { OfferedTools, ResolvedCall } from "./offered-tools.ts";
import { compareText, freeName, nameTools, type NamedTool } from "./tool-names.ts";
import { indexTools, type ToolIndex } from "./tool-ranking.ts";

/** How many functions stand for all tools. */
export const SEARCH_FUNCTIONS = 2;

const DEFAULT_RESULTS = 5;
const MAX_RESULTS = 20;
/** Schemas are what makes an answer long; beyond this only names and descriptions follow. */
const MAX_SCHEMA_CHARS = 24_000;
const MAX_DESCRIPTION = 400;
const SHOWN_NEAR = 4;
/** With names as long as they may be, this stays a description that providers take. */
const SHOWN_BACKENDS = 12;
const SHOWN_EXAMPLES = 3;

type Search = Readonly<{
  tools: readonly NamedTool[];
  byName: ReadonlyMap<string, VisibleTool>;
  index: () => ToolIndex;
  searchName: string;
  callName: string;
}>;

/**
 * More tools than a request may have, behind `search_tools` and `call_tool`. A model that calls a
 * tool it has found by its own name, as many do, is understood as well.
 */
export function offerSearch(
  visible: readonly VisibleTool[],
  taken: ReadonlySet<string>,
): OfferedTools {
  const searchName = freeName("search_tools", taken);
  const callName = freeName("call_tool", taken);
  const tools = nameTools(visible, new Set([...taken, searchName, callName]));
  let index: ToolIndex | undefined;
  const search: Search = {
    tools,
    byName: new Map(tools.map((tool) => [tool.name, tool.visible])),
    index: () => (index ??= indexTools(tools)),
    searchName,
    callName,
  };
  return offer(search, [searchFunction(search), callFunction(search)]);
}

function offer(search: Search, functions: readonly FunctionTool[]): OfferedTools {
  return {
    functions: functions.toSorted((a, b) => compareText(a.function.name, b.function.name)),
    resolve(name, args) {
      if (name === search.searchName) return answerSearch(args, search);
      if (name === search.callName) return resolveCall(args, search);
      return resolveTool(name, args, search);
    },
    without(name) {
      const left = functions.filter((offered) => offered.function.name !== name);
      return left.length === functions.length ? undefined : offer(search, left);
    },
  };
}

function searchFunction({ tools, searchName, callName }: Search): FunctionTool {
  return {
    type: "function",
    function: {
      name: searchName,
      description: [
        `Find tools by what they do. There are ${tools.length}: ${backendsText(tools)}.`,
        `For example ${examplesOf(tools).join(", ")}.`,
        `Answers with names, descriptions and input schemas; run a tool with ${callName}.`,
      ].join(" "),
      parameters: {
        type: "object",
        properties: {
          query: {
            type: "string",
            description: "Words for what is to be done, or the name of a tool or of a group",
          },
          limit: {
            type: "integer",
            minimum: 1,
            maximum: MAX_RESULTS,
            description: `How many tools to show, ${DEFAULT_RESULTS} if left out`,
          },
        },
        required: ["query"],
      },
    },
  };
}

function callFunction({ searchName, callName }: Search): FunctionTool {
  return {
    type: "function",
    function: {
      name: callName,
      description: `Run a tool that ${searchName} has shown. Its arguments go into "arguments", as its input schema says.`,
      parameters: {
        type: "object",
        properties: {
          name: { type: "string", description: `The tool's name, as ${searchName} shows it` },
          arguments: {
            type: "object",
            properties: {},
            additionalProperties: true,
            description: "The arguments of the tool, by name",
          },
        },
        required: ["name", "arguments"],
      },
    },
  };
}

/** `erp (120), nas (40) and 3 more groups`, the largest first. */
function backendsText(tools: readonly NamedTool[]): string {
  const counts = countByBackend(tools);
  const shown = counts.slice(0, SHOWN_BACKENDS).map(([name, count]) => `${name} (${count})`);
  const more = counts.length - shown.length;
  return shown.join(", ") + (more === 0 ? "" : ` and ${more} more groups`);
}

function countByBackend(tools: readonly NamedTool[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { visible } of tools)
    counts.set(visible.backend, (counts.get(visible.backend) ?? 0) + 1);
  return [...counts].toSorted(([aName, a], [bName, b]) => b - a || compareText(aName, bName));
}

/** The first of each of the largest backends. */
function examplesOf(tools: readonly NamedTool[]): readonly string[] {
  return countByBackend(tools)
    .slice(0, SHOWN_EXAMPLES)
    .flatMap(([backend]) => tools.find(({ visible }) => visible.backend === backend)?.name ?? []);
}

function answerSearch(args: JsonObject, search: Search): ResolvedCall {
  const { query, limit } = args;
  if (typeof query !== "string" || query.trim() === "") {
    return fault(
      `${search.searchName} needs "query": words for what is to be done, for example {"query": "list invoices"}`,
    );
  }
  const found = search.index().search(query, limitOf(limit));
  if (found.tools.length === 0) return answer(nothingFound(query, search));
  return answer(foundText(found, search));
}

/** Small models write numbers as text, and more than there may be. */
function limitOf(limit: JsonValue | undefined): number {
  const wanted = Math.floor(Number(limit ?? DEFAULT_RESULTS));
  return Number.isNaN(wanted) ? DEFAULT_RESULTS : Math.min(Math.max(wanted, 1), MAX_RESULTS);
}

function foundText(
  { tools, total }: ReturnType<ToolIndex["search"]>,
  { searchName, callName }: Search,
): JsonObject {
  let left = MAX_SCHEMA_CHARS;
  let hidden = false;
  const results = tools.map(({ name, visible }, place): JsonObject => {
    const shown = { name, backend: visible.backend, description: shortDescription(visible) };
    const inputSchema = functionParameters(visible.tool.inputSchema);
    left -= JSON.stringify(inputSchema).length;
    if (left >= 0 || place === 0) return { ...shown, inputSchema };
    hidden = true;
    return shown;
  });
  const message = hidden
    ? `Some input schemas are left out: give ${searchName} the exact name of a tool to see its schema`
    : `Run one with ${callName} {"name": …, "arguments": {…}}`;
  return { results, total, message };
}

function nothingFound(query: string, { tools, searchName }: Search): JsonObject {
  const names = tools.map((tool) => tool.name);
  const near = nearNames(query, names, SHOWN_NEAR);
  const groups = countByBackend(tools).slice(0, SHOWN_NEAR);
  return {
    results: [],
    message: `No tool matches these words. Give ${searchName} other words, in the language of the tools, or the name of a group`,
    suggestions: near.length > 0 ? near : groups.map(([backend]) => backend),
  };
}

function resolveCall(args: JsonObject, search: Search): ResolvedCall {
  const { name, arguments: given, ...beside } = args;
  const { callName, searchName } = search;
  if (typeof name !== "string" || name === "") {
    return fault(
      `${callName} needs "name", the name of a tool as ${searchName} shows it, and "arguments", an object`,
    );
  }
  const values = objectIn(given);
  const misplaced = Object.keys(beside).slice(0, SHOWN_NEAR);
  if (values === undefined || (given === undefined && misplaced.length > 0)) {
    return fault(
      `${callName} takes the arguments of "${name.slice(0, 100).toWellFormed()}" as an object in "arguments", for example {"name": "…", "arguments": {"id": 1}}`,
    );
  }
  return resolveTool(name, values, search);
}

/** An object, also where a model wrote it as text; none is an empty one. */
function objectIn(given: JsonValue | undefined): JsonObject | undefined {
  if (given === undefined || given === null || given === "") return {};
  if (isJsonObject(given)) return given;
  if (typeof given !== "string") return undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined; // told to the model as a wrong shape
  }
}

function resolveTool(name: string, args: JsonObject, { byName }: Search): ResolvedCall {
  const tool = byName.get(name);
  if (tool !== undefined) return { kind: "tool", tool, arguments: args };
  return { kind: "unknown", near: nearNames(name, [...byName.keys()], SHOWN_NEAR) };
}

function shortDescription({ tool }: VisibleTool): string {
  const text = descriptionOf(tool);
  return text.length <= MAX_DESCRIPTION
    ? text
    : `${text.slice(0, MAX_DESCRIPTION - 1).toWellFormed()}…`;
}

function answer(value: JsonObject): ResolvedCall {
  return { kind: "answer", text: JSON.stringify(value), isError: false };
}

function fault(reason: string): ResolvedCall {
  return { kind: "answer", text: `Error: ${reason}`, isError: true };
}
