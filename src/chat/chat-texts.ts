import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { descriptionOf } from "../catalog/tool-words.ts";

/** A line of a list stays a line on a phone. */
const MAX_LINE = 140;
/** Optional arguments shown in a tool's line. */
const MAX_OPTIONAL = 6;

const NO_MODEL =
  "No language model is configured, so this chat understands commands only and runs tools directly. With `LLM_BASE_URL`, `LLM_API_KEY` and `LLM_MODEL` set, or `llm.providers` in the config, a model answers here and uses the tools.";

const COMMANDS = [
  "- `tools` lists the tools, `tools invoice` those that match",
  '- `call NAME {"argument": "value"}` runs one',
  '- `/backend.tool argument=value other="two words"` runs one too',
  "- `help` shows this",
].join("\n");

export function helpText(tools: readonly VisibleTool[]): string {
  const example = tools[0];
  return [
    "**MCP gateway**",
    NO_MODEL,
    COMMANDS,
    example === undefined
      ? "No tools are available at the moment."
      : `Available tools: ${tools.length}. Try \`${exampleCall(example)}\`.`,
  ].join("\n\n");
}

/** The answer to a sentence: it cannot be understood here, but what can be done is shown. */
export function freeText(tools: readonly VisibleTool[]): string {
  return [NO_MODEL, COMMANDS, toolList(tools)].join("\n\n");
}

export function listText(tools: readonly VisibleTool[], filter: readonly string[]): string {
  if (filter.length === 0) return toolList(tools);
  const matching = tools.filter((tool) => matches(tool, filter));
  if (matching.length > 0) return toolList(matching);
  return `No tools match "${filter.join(" ")}". \`tools\` lists all ${tools.length}.`;
}

function matches({ name, backend, tool }: VisibleTool, filter: readonly string[]): boolean {
  const text = `${name} ${backend} ${descriptionOf(tool)}`.toLowerCase();
  return filter.every((word) => text.includes(word));
}

function toolList(tools: readonly VisibleTool[]): string {
  if (tools.length === 0) return "Available tools: none at the moment.";
  return [`Available tools: ${tools.length}`, tools.map(toolLine).join("\n")].join("\n\n");
}

function toolLine({ name, tool }: VisibleTool): string {
  const names = argumentNames(tool.inputSchema);
  const description = descriptionOf(tool).replaceAll(/\s+/g, " ");
  const about = description === "" ? "" : `: ${cut(description)}`;
  return `- \`${name}\`${names === "" ? "" : ` (${names})`}${about}`;
}

/** `doctype, name, [fields]` */
function argumentNames(inputSchema: JsonObject): string {
  const required = requiredNames(inputSchema);
  const { properties } = inputSchema;
  const optional = (isJsonObject(properties) ? Object.keys(properties) : []).filter(
    (name) => !required.includes(name),
  );
  const shown = optional.slice(0, MAX_OPTIONAL).map((name) => `[${name}]`);
  return [...required, ...shown, ...(optional.length > MAX_OPTIONAL ? ["…"] : [])].join(", ");
}

export function exampleCall({ name, tool }: VisibleTool): string {
  const required = requiredNames(tool.inputSchema);
  const example = Object.fromEntries(required.map((key) => [key, "…"]));
  return required.length === 0 ? `call ${name}` : `call ${name} ${JSON.stringify(example)}`;
}

function requiredNames({ required }: JsonObject): readonly string[] {
  return Array.isArray(required)
    ? required.filter((name): name is string => typeof name === "string")
    : [];
}

function cut(text: string): string {
  return text.length <= MAX_LINE ? text : `${text.slice(0, MAX_LINE - 1).toWellFormed()}…`;
}
