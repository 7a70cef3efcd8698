import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  ResultSchema,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import {
  callTool,
  COMPLETION,
  getPrompt,
  PROMPTS,
  readResource,
  RESOURCES,
  TEMPLATES,
  TOOLS,
} from "./conformance-behaviour.ts";
import { type Fixture, listenOnLoopback } from "./loopback-server.ts";

/** The conformance server of 2025-11-25 and before, on the SDK that real legacy servers use. */

type LegacyOptions = Readonly<{ session: boolean; json: boolean; port?: number }>;

export async function startLegacyHttp({ session, json, port }: LegacyOptions): Promise<Fixture> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      ...(session ? { sessionIdGenerator: () => randomUUID() } : {}),
      enableJsonResponse: json,
      ...(session ? { eventStore: rememberEvents(), retryInterval: 50 } : {}),
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    await createServer().connect(asTransport(transport));
    return transport;
  };
  return listenOnLoopback(
    async (request, response) => {
      const id = request.headers["mcp-session-id"];
      const known = typeof id === "string" ? sessions.get(id) : undefined;
      if (session && id !== undefined && known === undefined) {
        response.writeHead(404).end("Session not found");
        return;
      }
      if (!session && request.method !== "POST") {
        response.writeHead(405, { allow: "POST" }).end();
        return;
      }
      await (known ?? (await open())).handleRequest(request, response);
    },
    port === undefined ? {} : { port },
  );
}

export async function startLegacySse(port?: number): Promise<Fixture> {
  const sessions = new Map<string, SSEServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://fixture");
    if (request.method === "GET" && url.pathname === "/sse") {
      const transport = new SSEServerTransport("/messages", response);
      sessions.set(transport.sessionId, transport);
      response.on("close", () => sessions.delete(transport.sessionId));
      await createServer().connect(transport);
      return;
    }
    const transport = sessions.get(url.searchParams.get("sessionId") ?? "");
    if (request.method !== "POST" || transport === undefined) {
      response.writeHead(404).end("Session not found");
      return;
    }
    await transport.handlePostMessage(request, response);
  };
  return listenOnLoopback(handle, { path: "/sse", ...(port === undefined ? {} : { port }) });
}

function createServer(): Server {
  const server = new Server(
    { name: "conformance-legacy", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: {},
        resources: { subscribe: true },
        completions: {},
        logging: {},
      },
      instructions: "For tests only",
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }));
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: TEMPLATES,
  }));
  server.setRequestHandler(CompleteRequestSchema, () => COMPLETION);
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const result = readResource(uri);
    if (result === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `Resource not found: ${uri}`, { uri });
    }
    return result;
  });
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const result = getPrompt(params.name, params.arguments ?? {});
    if (result === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `Prompt not found: ${params.name}`);
    }
    return result;
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { _meta: meta } = params;
    const progressToken = meta?.progressToken;
    const result = await callTool(params.name, params.arguments ?? {}, {
      signal: extra.signal,
      progress: async (progress, total) => {
        if (progressToken === undefined) return;
        await extra.sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress, total },
        });
      },
      log: (data) =>
        extra.sendNotification({
          method: "notifications/message",
          params: { level: "info", logger: "conformance", data },
        }),
      // The low-level server sends any method; its types know only the ones it has schemas for.
      request: (method, asked) =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-assertion
        extra.sendRequest({ method, params: asked } as ServerRequest, ResultSchema),
      closeStream: () => extra.closeSSEStream?.(),
    });
    if (result === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    }
    return result;
  });
  return server;
}

/** What lets a client come back with `Last-Event-ID` to a stream that a tool has closed. */
function rememberEvents(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent: async (stream, message) => {
      const id = `e${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    replayEventsAfter: async (lastId, { send }) => {
      const last = events.findIndex(({ id }) => id === lastId);
      const stream = events[last]?.stream ?? "";
      for (const event of events.slice(last + 1)) {
        if (event.stream === stream) await send(event.id, event.message);
      }
      return stream;
    },
  };
}

/** The SDK's own class misses its own interface under `exactOptionalPropertyTypes`. */
function asTransport(transport: object): Transport {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return transport as Transport;
}
