import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type Fixture = Readonly<{ url: string; close: () => Promise<void> }>;

/** A real HTTP server on a loopback port of its own (or `port`). */
export async function listenOnLoopback(
  handler: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  { path = "/mcp", port = 0 }: { path?: string; port?: number } = {},
): Promise<Fixture> {
  const server: Server = createServer((request, response) => {
    // As every server on loopback must (2025-11-25, basic/transports): no page may rebind to it.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) {
      response.writeHead(403).end("Forbidden host");
      return;
    }
    void Promise.resolve(handler(request, response)).catch((error: unknown) => {
      console.error("fixture failed", error);
      response.destroy();
    });
  });
  // Neither a server nor a connection that hangs on purpose may keep the run alive.
  server.unref();
  server.on("connection", (socket) => socket.unref());
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
