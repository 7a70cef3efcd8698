import type { IncomingMessage } from "node:http";
import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type Tool,
} from "@modelcontextprotocol/server";
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
import { bodyOf, type Fixture, listenOnLoopback } from "./loopback-server.ts";

/** The same definitions: the two SDKs type a schema differently. */
const tools: Tool[] = JSON.parse(JSON.stringify(TOOLS));

/** The conformance server of 2026-07-28, which refuses the legacy era. */
export async function startModern(port?: number): Promise<Fixture> {
  const handler = createMcpHandler(createServer, { legacy: "reject" });
  return listenOnLoopback(
    async (request, response) => {
      const abort = new AbortController();
      response.on("close", () => abort.abort());
      const reply = await handler.fetch(await asWebRequest(request, abort.signal));
      response.writeHead(reply.status, Object.fromEntries(reply.headers));
      response.flushHeaders();
      for await (const chunk of reply.body ?? []) response.write(chunk);
      response.end();
    },
    port === undefined ? {} : { port },
  );
}

async function asWebRequest(request: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const { method = "GET" } = request;
  const body = method === "POST" ? await bodyOf(request) : null;
  return new Request(`http://${request.headers.host}${request.url}`, {
    method,
    headers,
    body,
    signal,
  });
}

function createServer(): Server {
  const server = new Server(
    { name: "conformance-modern", version: "1.0.0" },
    {
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
      instructions: "For tests only",
    },
  );
  server.setRequestHandler("tools/list", () => ({ tools }));
  server.setRequestHandler("prompts/list", () => ({ prompts: PROMPTS }));
  server.setRequestHandler("resources/list", () => ({ resources: RESOURCES }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("completion/complete", () => COMPLETION);
  server.setRequestHandler("resources/read", ({ params: { uri } }) => {
    const result = readResource(uri);
    if (result === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Resource not found: ${uri}`, {
        uri,
      });
    }
    return result;
  });
  server.setRequestHandler("prompts/get", ({ params }) => {
    const result = getPrompt(params.name, params.arguments ?? {});
    if (result === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Prompt not found: ${params.name}`);
    }
    return result;
  });
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const { _meta: meta } = context.mcpReq;
    const progressToken = meta?.progressToken;
    const result = await callTool(params.name, params.arguments ?? {}, {
      signal: context.mcpReq.signal,
      progress: async (progress, total) => {
        if (progressToken === undefined) return;
        await context.mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress, total },
        });
      },
      log: (data) => context.mcpReq.log("info", data, "conformance"),
      request: () => Promise.reject(new Error("a modern server asks with input_required")),
      closeStream: () => {},
    });
    if (result === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    }
    return result;
  });
  return server;
}
