import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import { describeEntry, entryPage, PAGE_ARGUMENTS, type EntryPage } from "./entry-page.ts";
import { blocksOfContents, blocksOfMessages } from "./house-blocks.ts";
import { aboutRequest, argumentsIn, FOR_CLIENTS, MAX_ERROR_TEXT } from "./house-forward.ts";
import type { HouseCall, HouseResult, HouseTool } from "./house-tool.ts";
import type { LocatedRequest } from "./gateway.ts";

/**
 * Resources and prompts for clients that know tools only (Windsurf, Open WebUI, most frameworks):
 * an option of an API key. What they reach is what the caller would reach by the methods themselves.
 */
const READ_ONLY = { readOnlyHint: true, idempotentHint: true } as const;
const isIn: HouseTool["isIn"] = ({ caller }) => caller.resourceTools === true;

const ENTRY_LIST = { type: "array", items: { type: "object" } } as const;

const LIST_RESOURCES: HouseTool = {
  definition: {
    name: "list_resources",
    title: "List resources",
    description:
      "Lists the resources (documents, records, files) of the connected servers, each with its URI. Read one with read_resource. A URI template stands for many resources: fill in its {parts} first. Narrow a long list down with filter.",
    inputSchema: PAGE_ARGUMENTS,
    outputSchema: {
      type: "object",
      properties: {
        resources: ENTRY_LIST,
        resourceTemplates: ENTRY_LIST,
        nextCursor: { type: "string" },
      },
      required: ["resources", "resourceTemplates"],
    },
    annotations: READ_ONLY,
  },
  isIn,
  perform: async ({ args, entries }) => {
    const page = entryPage([...entries("resources"), ...entries("resourceTemplates")], args);
    return listResult(page, "resources", {
      resources: page.entries.filter(({ uri }) => uri !== undefined),
      resourceTemplates: page.entries.filter(({ uri }) => uri === undefined),
    });
  },
};

const LIST_PROMPTS: HouseTool = {
  definition: {
    name: "list_prompts",
    title: "List prompts",
    description:
      "Lists the prompts (prepared instructions for a task) of the connected servers, each with its name and arguments. Get one with get_prompt. Narrow a long list down with filter.",
    inputSchema: PAGE_ARGUMENTS,
    outputSchema: {
      type: "object",
      properties: { prompts: ENTRY_LIST, nextCursor: { type: "string" } },
      required: ["prompts"],
    },
    annotations: READ_ONLY,
  },
  isIn,
  perform: async ({ args, entries }) => {
    const page = entryPage(entries("prompts"), args);
    return listResult(page, "prompts", { prompts: page.entries });
  },
};

const READ_RESOURCE: HouseTool = {
  definition: {
    name: "read_resource",
    title: "Read resource",
    description:
      "Reads one resource by its URI, as list_resources or a link in the result of another tool gives it.",
    inputSchema: {
      type: "object",
      properties: { uri: { type: "string", description: "The URI, exactly as it was given" } },
      required: ["uri"],
      additionalProperties: false,
    },
    annotations: READ_ONLY,
  },
  isIn,
  toRequest: toRead,
  perform: (call) => pass(call, toRead, blocksOfContents),
};

const GET_PROMPT: HouseTool = {
  definition: {
    name: "get_prompt",
    title: "Get prompt",
    description:
      "Gets the messages of one prompt by its name, as list_prompts gives it. What they ask for is then to be done.",
    inputSchema: {
      type: "object",
      properties: {
        name: { type: "string", description: "The name, exactly as it was given" },
        arguments: {
          type: "object",
          description: "The prompt's arguments by name",
          additionalProperties: { type: "string" },
        },
      },
      required: ["name"],
      additionalProperties: false,
    },
    annotations: READ_ONLY,
  },
  isIn,
  toRequest: toGet,
  perform: (call) => pass(call, toGet, blocksOfMessages),
};

export const RESOURCE_TOOLS: readonly HouseTool[] = [
  LIST_RESOURCES,
  READ_RESOURCE,
  LIST_PROMPTS,
  GET_PROMPT,
];

type Asked = Pick<LocatedRequest, "method" | "params">;

function toRead(params: JsonObject): Asked {
  const { uri } = argumentsIn(params);
  return { method: "resources/read", params: { ...aboutRequest(params), uri } };
}

function toGet(params: JsonObject): Asked {
  const { name, arguments: given } = argumentsIn(params);
  return {
    method: "prompts/get",
    params: {
      ...aboutRequest(params),
      name,
      ...(isJsonObject(given) ? { arguments: asTexts(given) } : {}),
    },
  };
}

/** Arguments of prompts are strings; a model that sends a number means its text. */
function asTexts(given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

async function pass(
  { request, forward }: HouseCall,
  toRequest: (params: JsonObject) => Asked,
  toBlocks: (result: JsonObject) => readonly JsonObject[],
): Promise<HouseResult> {
  const answer: Answer = await forward(toRequest(request.params));
  const message = answer.message();
  if ("error" in message) {
    if (FOR_CLIENTS.has(message.error.code)) return { kind: "answer", answer };
    const text = message.error.message.slice(0, MAX_ERROR_TEXT);
    return { kind: "result", result: { content: [{ type: "text", text }], isError: true } };
  }
  // A question of the backend (2026-07-28, input_required) goes to the client as it came.
  const { resultType } = message.result;
  if (resultType !== undefined && resultType !== "complete") return { kind: "answer", answer };
  return { kind: "result", result: { content: toBlocks(message.result) } };
}

function listResult(page: EntryPage, what: string, structured: JsonObject): HouseResult {
  const { entries, total, nextCursor } = page;
  const lines = [
    total === 0 ? `There are no such ${what}.` : `${entries.length} of ${total} ${what}:`,
    ...entries.map(describeEntry),
    ...(nextCursor === undefined ? [] : [`More with cursor "${nextCursor}".`]),
  ];
  return {
    kind: "result",
    result: {
      content: [{ type: "text", text: lines.join("\n") }],
      structuredContent: { ...structured, ...(nextCursor === undefined ? {} : { nextCursor }) },
    },
  };
}
