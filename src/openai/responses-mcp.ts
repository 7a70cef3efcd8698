import * as z from "zod";
import { approvalRule } from "../gateway/approval-rule.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { ALL_SERVERS } from "./responses-conversation.ts";
import { OpenaiRefusal } from "./openai-errors.ts";
import { invalid, unsupported } from "./responses-refusal.ts";

const FILTER = z.looseObject({
  tool_names: z.array(z.string()).nullish(),
  read_only: z.boolean().nullish(),
});
const MCP_TOOL = z.looseObject({
  server_label: z.string().min(1).max(200),
  server_url: z.string().nullish(),
  allowed_tools: z.union([z.array(z.string()), FILTER]).nullish(),
  require_approval: z
    .union([
      z.enum(["always", "never"]),
      z.looseObject({ always: FILTER.nullish(), never: FILTER.nullish() }),
    ])
    .nullish(),
});

type Filter = z.infer<typeof FILTER>;
type Parsed = z.infer<typeof MCP_TOOL>;

/** An entry `type:"mcp"` of `tools`: which of our servers it is follows from `serveMcp`. */
export type McpEntry = Parsed & Readonly<{ at: string }>;

/** Some tools of ours under the label their client has for them. */
export type McpServer = Readonly<{
  label: string;
  has: (tool: VisibleTool) => boolean;
  /** A client can want to be asked more often than its credential says, not less often. */
  asksFor: (tool: VisibleTool) => boolean;
  nameOf: (tool: VisibleTool) => string;
}>;

export type Labelled = Readonly<{ label: string; name: string }>;

export function parseMcpTool(tool: JsonObject, at: string): McpEntry {
  for (const elsewhere of ["connector_id", "tunnel_id"]) {
    if (typeof tool[elsewhere] === "string") {
      throw unsupported(`${at}.${elsewhere}`, "only servers of this gateway can be used");
    }
  }
  const parsed = MCP_TOOL.safeParse(tool);
  if (parsed.success) return { ...parsed.data, at };
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((part) => `.${String(part)}`).join("");
  throw invalid(at + path, issue?.message ?? "not a tool");
}

export type OwnServers = Readonly<{
  /** Names of the backends the caller sees. */
  backends: readonly string[];
  /** Addresses this gateway is known by, without a path. */
  origins: readonly string[];
}>;

/**
 * The servers that entries mean: by our address, else by label. No other address is ever asked, so
 * that nobody can make the gateway speak to hosts only it can reach.
 */
export function toMcpServers(entries: readonly McpEntry[], own: OwnServers): readonly McpServer[] {
  const seen = new Set<string>();
  return entries.map((entry) => {
    if (seen.has(entry.server_label)) {
      throw invalid(`${entry.at}.server_label`, "another server has this label");
    }
    seen.add(entry.server_label);
    const backend = findBackend(entry, own);
    const isOf = (tool: VisibleTool): boolean => backend === undefined || tool.backend === backend;
    const isAllowed = toFilter(entry.allowed_tools);
    return {
      label: entry.server_label,
      has: (tool) => isOf(tool) && isAllowed(tool),
      asksFor: toApprovalRule(entry.require_approval),
      nameOf: (tool) => (backend === undefined ? tool.exposedName : tool.ownName),
    };
  });
}

/** The server a tool belongs to for the client; the first wins where several have it. */
export function labelIn(servers: readonly McpServer[], tool: VisibleTool): Labelled {
  const server = servers.find(({ has }) => has(tool));
  if (server === undefined) return { label: tool.backend, name: tool.ownName };
  return { label: server.label, name: server.nameOf(tool) };
}

/** The backend's name; undefined: all of them. */
function findBackend(entry: McpEntry, { backends, origins }: OwnServers): string | undefined {
  const { server_label: label, server_url: url, at } = entry;
  if (typeof url !== "string") return known(label, `${at}.server_label`, backends);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const path = /^\/mcp(?:\/(?<backend>[^/]+))?\/?$/.exec(parsed?.pathname ?? "");
  if (parsed === undefined || path === null || !origins.includes(parsed.origin)) {
    throw unsupported(
      `${at}.server_url`,
      "only servers of this gateway can be used, by their label or by its own address",
    );
  }
  return known(path.groups?.["backend"] ?? ALL_SERVERS, `${at}.server_url`, backends);
}

function known(name: string, param: string, backends: readonly string[]): string | undefined {
  if (name === ALL_SERVERS) return undefined;
  if (backends.includes(name)) return name;
  // The same words for what is hidden.
  throw new OpenaiRefusal(
    "invalid_params",
    `Cannot use the MCP server "${name.slice(0, 100).toWellFormed()}": there is no such server`,
    { param, code: "invalid_value" },
  );
}

const changes = approvalRule("ask");

function toFilter(allowed: Parsed["allowed_tools"]) {
  if (allowed === null || allowed === undefined) return () => true;
  return matcher(Array.isArray(allowed) ? { tool_names: allowed } : allowed);
}

function matcher({ tool_names: names, read_only: readOnly }: Filter) {
  return (tool: VisibleTool): boolean =>
    (names?.some((name) => name === tool.ownName || name === tool.exposedName) ?? true) &&
    (typeof readOnly === "boolean" ? readOnly !== changes(tool) : true);
}

function toApprovalRule(wanted: Parsed["require_approval"]): (tool: VisibleTool) => boolean {
  if (wanted === null || wanted === undefined || wanted === "never") return () => false;
  if (wanted === "always") return () => true;
  const always = wanted.always ? matcher(wanted.always) : () => false;
  const never = wanted.never ? matcher(wanted.never) : undefined;
  // What a list of exceptions does not name is asked for.
  return (tool) => always(tool) || (never !== undefined && !never(tool));
}

/** The tools of a server as a client is shown them. */
export function listedTools(
  server: McpServer,
  tools: readonly VisibleTool[],
): readonly JsonObject[] {
  return tools.filter(server.has).map((visible) => ({
    name: server.nameOf(visible),
    description: textOr(visible.tool["description"], ""),
    input_schema: visible.tool.inputSchema,
    annotations: isJsonObject(visible.tool["annotations"]) ? visible.tool["annotations"] : null,
  }));
}

function textOr(value: JsonValue | undefined, other: string): string {
  return typeof value === "string" ? value : other;
}
