import { isJsonObject, type JsonObject } from "../core/json.ts";
import { failures, json } from "./document-parts.ts";

const anyList = { type: "array", items: { type: "object" } } as const;

/**
 * Resources and prompts of one backend. None has an operationId: Open WebUI makes a tool of each
 * operation that has one.
 */
export function listPaths(capabilities: JsonObject): JsonObject {
  return {
    ...(isJsonObject(capabilities["resources"]) ? RESOURCES : {}),
    ...(isJsonObject(capabilities["prompts"]) ? PROMPTS : {}),
  };
}

const RESOURCES = {
  "/resources": {
    get: reading("List resources", {
      type: "object",
      properties: { resources: anyList, resourceTemplates: anyList },
      required: ["resources", "resourceTemplates"],
    }),
  },
  "/resources/{uri}": {
    parameters: [inPath("uri", "The URI of the resource")],
    get: reading("Read a resource", {
      type: "object",
      properties: { contents: anyList },
      required: ["contents"],
    }),
  },
};

const prompt = {
  type: "object",
  properties: { description: { type: "string" }, messages: anyList },
  required: ["messages"],
} as const;

const PROMPTS = {
  "/prompts": {
    get: reading("List prompts", {
      type: "object",
      properties: { prompts: anyList },
      required: ["prompts"],
    }),
  },
  "/prompts/{name}": {
    parameters: [inPath("name", "The name of the prompt")],
    get: reading("Get a prompt, with its arguments as the query", prompt),
    post: {
      ...reading("Get a prompt", prompt),
      requestBody: {
        required: false,
        content: {
          "application/json": {
            schema: { type: "object", additionalProperties: { type: "string" } },
          },
        },
      },
    },
  },
};

function reading(summary: string, schema: JsonObject): JsonObject {
  return { summary, responses: { 200: json("Successful Response", schema), ...failures(false) } };
}

function inPath(name: string, description: string): JsonObject {
  return { name, in: "path", required: true, description, schema: { type: "string" } };
}
