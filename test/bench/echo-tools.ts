/** What the backends of the bench offer and answer: as little work as an MCP server can be. */

export type EchoRequest = Readonly<{
  id?: string | number;
  method?: string;
  params?: Readonly<{ name?: string; arguments?: unknown; protocolVersion?: string }>;
}>;

/** The answer to one message; undefined for a notification. */
export function answerEcho(
  request: EchoRequest,
  tools: number,
  list: (count: number) => readonly object[] = listTools,
): string | undefined {
  const { id, method, params } = request;
  if (id === undefined) return undefined;
  const result = method === "tools/list" ? { tools: list(tools) } : resultOf(method, params);
  return JSON.stringify(
    result === undefined
      ? { jsonrpc: "2.0", id, error: { code: -32601, message: `Method not found: ${method}` } }
      : { jsonrpc: "2.0", id, result },
  );
}

function resultOf(method: string | undefined, params: EchoRequest["params"]) {
  switch (method ?? "") {
    case "initialize":
      return {
        protocolVersion: params?.protocolVersion ?? "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "echo", version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/call":
      return { content: [{ type: "text", text: JSON.stringify(params?.arguments ?? {}) }] };
    default:
      return undefined;
  }
}

function listTools(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? "echo" : `echo_${index}`,
    description: `Answers with its arguments, in the way that number ${index} of ${count} does it`,
    inputSchema: {
      type: "object",
      properties: {
        message: { type: "string", description: "What to answer with" },
        count: { type: "integer", minimum: 0, maximum: 100, description: "How often" },
      },
      required: ["message"],
    },
  }));
}
