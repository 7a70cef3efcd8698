import { McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import * as z from "zod";

/** An MCP server as people deploy it on Cloudflare: the `agents` package in a Worker of its own. */
const handler = createMcpHandler(
  () => {
    const server = new McpServer({ name: "agents-backend", version: "1.0.0" });
    server.registerTool(
      "add",
      {
        description: "Adds two numbers",
        inputSchema: z.object({ a: z.number(), b: z.number() }),
        outputSchema: z.object({ sum: z.number() }),
      },
      ({ a, b }) => ({
        content: [{ type: "text", text: String(a + b) }],
        structuredContent: { sum: a + b },
      }),
    );
    return server;
  },
  { route: "/mcp" },
);

export default {
  fetch: (request: Request, env: unknown, context: ExecutionContext) =>
    handler(request, env, context),
};
