import { nearNames } from "../catalog/near-names.ts";
import { descriptionOf } from "../catalog/tool-words.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { findNamedTool, missingName, textOf, unknownTool } from "./find-named-tool.ts";
import type { FoundTool } from "./find-tools.ts";
import { sayJson } from "./house-blocks.ts";
import type { HouseCall, HouseGuest, HouseResult, HouseTool, SeenBackend } from "./house-tool.ts";

/**
 * Many tools behind three: for callers in the mode `search`, whose lists would fill a context
 * before anything is asked. Arguments and results are those of AnyGPT's discovery server too, and
 * its names are understood.
 */
const isIn: HouseTool["isIn"] = ({ caller }) => caller.mode === "search";

const READ_ONLY = { readOnlyHint: true, idempotentHint: true } as const;

const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 20;
const MAX_QUERY = 2_000;
const SUMMARY = 200;
const MAX_LISTED = 200;
/** With names as long as they may be, this stays a description that clients take. */
const SHOWN_BACKENDS = 20;
const SUGGESTIONS = 4;
/** Schemas are what makes an answer long; beyond this the tools that follow come without. */
const MAX_SCHEMA_CHARS = 24_000;

const NAMED = {
  name: { type: "string", description: "The tool's name, as search_tools gives it" },
  server: { type: "string", description: "Or its server" },
  tool: { type: "string", description: "and its name there" },
} as const;

const SEARCH_TOOLS: HouseTool = {
  definition: {
    name: "search_tools",
    title: "Search tools",
    inputSchema: {
      type: "object",
      properties: {
        query: {
          type: "string",
          description: 'What is to be done, for example "list unpaid invoices"',
        },
        server: { type: "string", description: "Only tools of this server" },
        limit: { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
        includeSchema: {
          type: "boolean",
          default: false,
          description: "With the input schemas, so that they can be called at once",
        },
      },
      required: ["query"],
    },
    annotations: READ_ONLY,
  },
  describe: (guest) =>
    `Finds tools by what they do; use this first. ${serversText(guest)} Call what it finds with call_tool, after get_tool where the schema is not known.`,
  standing: "instead",
  isIn,
  perform: async (call) => {
    const { args, find } = call;
    const query = textOf(args["query"]);
    if (query === undefined) return missing("query");
    const backend = textOf(args["server"]) ?? textOf(args["backend"]);
    const limit = limitOf(args["limit"]);
    const asked = query.slice(0, MAX_QUERY);
    const found = await find({ query: asked, backend, limit });
    return found.length === 0
      ? nothingFound(asked, call)
      : sayJson(foundTools(found, call, args["includeSchema"] === true));
  },
};

const GET_TOOL: HouseTool = {
  definition: {
    name: "get_tool",
    title: "Get tool",
    description: "Everything about one tool: description, input schema, annotations.",
    inputSchema: { type: "object", properties: NAMED },
    annotations: READ_ONLY,
  },
  standing: "instead",
  isIn,
  perform: async (call) => {
    const { args, tools } = call;
    const lacking = missingName(args);
    if (lacking !== undefined) return missing(lacking);
    const found = findNamedTool(tools, args);
    if (found === undefined) {
      const { error, suggestions } = unknownTool(tools, args);
      return sayJson({ tool: null, error, suggestions: [...suggestions] }, true);
    }
    const { backend, ownName, tool } = found.tool;
    const { isExecutable, howToExecute } = execution(found, call);
    return sayJson({
      tool: { ...tool, name: found.name, server: backend, tool: ownName },
      executable: isExecutable,
      howToExecute,
    });
  },
};

const LIST_TOOLS: HouseTool = {
  definition: {
    name: "list_tools",
    description: "The tools of one server.",
    inputSchema: {
      type: "object",
      properties: { server: { type: "string" } },
      required: ["server"],
    },
    annotations: READ_ONLY,
  },
  standing: "unlisted",
  isIn,
  perform: async ({ args, tools, backends }) => {
    const server = textOf(args["server"]) ?? textOf(args["backend"]);
    if (server === undefined) return missing("server");
    if (!backends().some(({ name }) => name === server)) {
      return sayJson(
        {
          tools: [],
          error: `Unknown server: ${JSON.stringify(server.slice(0, 120).toWellFormed())}`,
        },
        true,
      );
    }
    const own = [...tools].filter(([, { backend }]) => backend === server);
    const listed = own.slice(0, MAX_LISTED).map(([name, tool]) => ({
      name,
      server,
      tool: tool.ownName,
      summary: summaryOf(tool.tool),
      enabled: true,
    }));
    const more = own.length - listed.length;
    return sayJson({
      tools: listed,
      ...(more === 0 ? {} : { message: `${more} more: find them with search_tools` }),
    });
  },
};

const LIST_SERVERS: HouseTool = {
  definition: {
    name: "list_mcp_servers",
    description: "The servers whose tools can be found.",
    inputSchema: { type: "object", properties: {} },
    annotations: READ_ONLY,
  },
  standing: "unlisted",
  isIn,
  perform: async ({ backends }) => {
    const servers = backends().map((backend) => ({
      name: backend.name,
      status: statusOf(backend),
      toolCount: backend.tools,
    }));
    const connected = servers.filter(({ status }) => status === "connected").length;
    return sayJson({
      servers,
      summary: `Found ${servers.length} server(s). ${connected} connected, ${servers.length - connected} disconnected.`,
    });
  },
};

/** Under another name, for models that were taught it. */
function alias(tool: HouseTool, name: string): HouseTool {
  return { ...tool, definition: { ...tool.definition, name }, standing: "unlisted" };
}

export const DISCOVERY_TOOLS: readonly HouseTool[] = [
  SEARCH_TOOLS,
  GET_TOOL,
  alias(GET_TOOL, "get_tool_details"),
  LIST_TOOLS,
  LIST_SERVERS,
];

function serversText({ backends }: HouseGuest): string {
  if (backends.length === 0) return "There are no servers yet.";
  const names = backends.map(({ name }) => name).toSorted();
  const shown = names.slice(0, SHOWN_BACKENDS);
  const more = names.length - shown.length;
  return `Servers: ${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}.`;
}

/** A parameter is missing: in the words of AnyGPT's server. */
function missing(parameter: string): HouseResult {
  return sayJson({ error: `Missing required parameter: ${parameter}` }, true);
}

/** Small models write numbers as text, and more than there may be. */
function limitOf(limit: JsonValue | undefined): number {
  const wanted = Math.floor(Number(limit ?? DEFAULT_LIMIT));
  return Number.isNaN(wanted) ? DEFAULT_LIMIT : Math.min(Math.max(wanted, 1), MAX_LIMIT);
}

function foundTools(found: readonly FoundTool[], call: HouseCall, withSchema: boolean): JsonObject {
  let left = MAX_SCHEMA_CHARS;
  const results = found.map((one): JsonObject => {
    const { backend, ownName, tool } = one.tool;
    const { status, isExecutable, howToExecute } = execution(one, call);
    const { inputSchema } = tool;
    if (withSchema) left -= JSON.stringify(inputSchema).length;
    return {
      server: backend,
      tool: ownName,
      name: one.name,
      summary: summaryOf(tool),
      relevance: one.relevance,
      tags: tagsOf(tool),
      serverStatus: status,
      executable: isExecutable,
      howToExecute,
      ...(withSchema && left >= 0 ? { inputSchema } : {}),
    };
  });
  const ready = results.filter(({ executable }) => executable === true).length;
  const rest = results.length - ready;
  return {
    results,
    summary: [
      `Found ${results.length} tool(s)`,
      ...(rest === 0 ? [] : [`${rest} of a server that is not connected`]),
      ...(withSchema && left < 0 ? ["some schemas are left out, get_tool gives them"] : []),
    ].join("; "),
  };
}

function nothingFound(query: string, { tools, backends, houseName }: HouseCall): HouseResult {
  const near = nearNames(query, [...tools.keys()], SUGGESTIONS);
  const advice = [
    "Say what is to be done in other words, or in the language of the tools",
    'Use fewer words: a verb and a thing, for example "create invoice"',
    `Leave "server" out, or name one of ${
      backends()
        .slice(0, SHOWN_BACKENDS)
        .map(({ name }) => name)
        .join(", ") || "the servers"
    }`,
    `Call ${houseName("list_mcp_servers")} to see which servers there are`,
  ];
  return sayJson({
    results: [],
    message: `No tools found matching query: ${JSON.stringify(query.slice(0, 120).toWellFormed())}`,
    suggestions: [...near, ...advice].slice(0, SUGGESTIONS),
  });
}

function execution(
  { name, tool }: Readonly<{ name: string; tool: FoundTool["tool"] }>,
  { backends, houseName }: HouseCall,
) {
  const backend = backends().find((one) => one.name === tool.backend);
  const status = backend === undefined ? "disconnected" : statusOf(backend);
  const isExecutable = status === "connected";
  return {
    status,
    isExecutable,
    howToExecute: isExecutable
      ? `Use ${houseName("call_tool")} with name=${JSON.stringify(name)} and its arguments`
      : `Server "${tool.backend}" is not connected`,
  };
}

function statusOf({ state }: Pick<SeenBackend, "state">): "connected" | "disconnected" {
  return state === "ready" ? "connected" : "disconnected";
}

/** What its annotations say of it. */
function tagsOf({ annotations }: JsonObject): readonly string[] & JsonValue {
  const hints = typeof annotations === "object" && annotations !== null ? annotations : {};
  return Object.entries(TAGS).flatMap(([hint, tag]) =>
    Reflect.get(hints, hint) === true ? [tag] : [],
  );
}

const TAGS = {
  readOnlyHint: "read-only",
  destructiveHint: "destructive",
  idempotentHint: "idempotent",
  openWorldHint: "open-world",
} as const;

function summaryOf(tool: JsonObject): string {
  const text = descriptionOf(tool).replaceAll(/\s+/g, " ");
  if (text.length <= SUMMARY) return text;
  const sentence = /^.{20,200}?[.!?](?= )/s.exec(text)?.[0];
  return sentence ?? `${text.slice(0, SUMMARY - 1).toWellFormed()}…`;
}
