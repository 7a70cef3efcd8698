import { bodyOf, type Fixture, listenOnLoopback } from "../support/loopback-server.ts";

/** Larger than any event may be. */
export const BIG_TEXT = `${"Zeile 😀\n".repeat(200_000)}end`;
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export type LoopbackTools = Readonly<{
  fixture: Fixture;
  /** How often each tool was called. */
  calls: Map<string, number>;
  /** Calls of `hang` that were given up before they answered. */
  abandoned: () => number;
}>;

type Rpc = { id?: number | string; method: string; params?: { [key: string]: unknown } };

const RESULTS: Readonly<Record<string, object>> = {
  big: { content: [{ type: "text", text: BIG_TEXT }] },
  picture: { content: [{ type: "image", data: PIXEL, mimeType: "image/png" }] },
  fail: { content: [{ type: "text", text: "Doc not found: INV-1" }], isError: true },
};

/** An MCP server whose tools are what a chat has trouble with. */
export async function startLoopbackTools(): Promise<LoopbackTools> {
  const calls = new Map<string, number>();
  let abandoned = 0;
  const fixture = await listenOnLoopback(
    async (request, response) => {
      if (request.method !== "POST") {
        response.writeHead(405).end();
        return;
      }
      const { id, method, params }: Rpc = JSON.parse(await bodyOf(request));
      if (id === undefined) {
        response.writeHead(202).end();
        return;
      }
      const tool = String(params?.["name"]);
      if (method === "tools/call") calls.set(tool, (calls.get(tool) ?? 0) + 1);
      if (method === "tools/call" && tool === "hang") {
        response.on("close", () => {
          abandoned += 1;
        });
        return;
      }
      if (method === "tools/call" && tool === "break") {
        request.socket.resetAndDestroy();
        return;
      }
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer(method, tool, params) }));
    },
    { path: "/mcp" },
  );
  return { fixture, calls, abandoned: () => abandoned };
}

function answer(method: string, tool: string, params: Rpc["params"]): object {
  switch (method) {
    case "initialize":
      return {
        result: {
          protocolVersion: params?.["protocolVersion"],
          capabilities: { tools: {} },
          serverInfo: { name: "loopback", version: "1" },
        },
      };
    case "tools/list":
      return {
        result: {
          tools: [...Object.keys(RESULTS), "hang", "break"].map((name) => ({
            name,
            description: `The tool "${name}"`,
            inputSchema: { type: "object", properties: { s: { type: ["string", "null"] } } },
          })),
        },
      };
    case "tools/call":
      return { result: RESULTS[tool] ?? { content: [] } };
    default:
      return { error: { code: -32601, message: `Method not found: ${method}` } };
  }
}
