import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { type McpEntry, parseMcpTool } from "./responses-mcp.ts";
import { invalid, unsupported } from "./responses-refusal.ts";

/** The answer tells the tools of each, however often one server is named. */
const MAX_SERVERS = 32;

export type ResponsesTools = Readonly<{
  /** The client's own, in the form of chat. */
  functions: readonly JsonObject[];
  mcp: readonly McpEntry[];
  /** In the form of chat, but for one that names an MCP server. */
  choice: ToolChoice;
}>;

export type ToolChoice =
  | Readonly<{ kind: "chat"; choice: JsonValue | undefined }>
  /** A tool of ours, or any of a server. */
  | Readonly<{ kind: "mcp"; label: string; name: string | undefined }>;

export function parseTools(
  tools: JsonValue | undefined,
  choice: JsonValue | undefined,
): ResponsesTools {
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) {
    throw invalid("tools", "expected a list");
  }
  const functions: JsonObject[] = [];
  const mcp: McpEntry[] = [];
  const listed: readonly JsonValue[] = Array.isArray(tools) ? tools : [];
  for (const [index, tool] of listed.entries()) {
    const at = `tools[${index}]`;
    if (!isJsonObject(tool)) throw invalid(at, "expected an object");
    if (tool["type"] === "mcp") mcp.push(parseMcpTool(tool, at));
    else functions.push(toChatTool(tool, at));
    if (mcp.length > MAX_SERVERS) throw invalid(at, `at most ${MAX_SERVERS} servers can be used`);
  }
  return { functions, mcp, choice: parseChoice(choice) };
}

function toChatTool(tool: JsonObject, at: string): JsonObject {
  const { type } = tool;
  if (type !== "function" && type !== "custom") {
    const what = typeof type === "string" ? type.slice(0, 60).toWellFormed() : "";
    throw unsupported(
      `${at}.type`,
      `there is no tool "${what}" here, only function, custom and mcp`,
    );
  }
  // Chat's own form is what some clients send here as well.
  if (isJsonObject(tool[type])) return tool;
  if (typeof tool["name"] !== "string") throw invalid(`${at}.name`, "expected a string");
  const { name, description, parameters, strict, format } = tool;
  const members =
    type === "function" ? { name, description, parameters, strict } : { name, description, format };
  const said = Object.entries(members).filter(([, value]) => value !== undefined && value !== null);
  return { type, [type]: Object.fromEntries(said) };
}

function parseChoice(choice: JsonValue | undefined): ToolChoice {
  if (!isJsonObject(choice)) return { kind: "chat", choice: choice ?? undefined };
  const { name, server_label: label } = choice;
  const type = typeof choice["type"] === "string" ? choice["type"] : "";
  switch (type) {
    case "mcp":
      if (typeof label !== "string") throw invalid("tool_choice.server_label", "expected a string");
      return { kind: "mcp", label, name: typeof name === "string" ? name : undefined };
    case "function":
    case "custom":
      if (isJsonObject(choice[type])) return { kind: "chat", choice };
      if (typeof name !== "string") throw invalid("tool_choice.name", "expected a string");
      return { kind: "chat", choice: { type, [type]: { name } } };
    default:
      throw unsupported("tool_choice.type", "only function, custom and mcp can be chosen");
  }
}
