import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { type Child, freePort, startChild } from "./child.ts";

const MODULES = resolve(import.meta.dirname, "../../node_modules");
const NODE = join(MODULES, ".bin/node");
const PACKAGES = join(MODULES, "@modelcontextprotocol");
const LOOPBACK = resolve(import.meta.dirname, "force-loopback.cjs");

export type RealServer = Readonly<{ url: string; port: number; stop: () => Promise<unknown> }>;

/** The reference server of the protocol's authors, over HTTP with sessions or over HTTP+SSE. */
export async function startEverything(
  transport: "streamableHttp" | "sse",
  fixedPort?: number,
): Promise<RealServer> {
  const port = fixedPort ?? (await freePort());
  const child: Child = startChild(
    NODE,
    ["-r", LOOPBACK, join(PACKAGES, "server-everything/dist/index.js"), transport],
    { env: { PORT: String(port) } },
  );
  await child.see(/listening on port|running on port/i);
  const path = transport === "sse" ? "sse" : "mcp";
  return { url: `http://127.0.0.1:${port}/${path}`, port, stop: () => child.stop() };
}

/** A stdio server of npm behind HTTP: one process per session, messages piped one to one. */
export async function startOverHttp(
  name: "server-memory" | "server-filesystem",
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<RealServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const children = new Set<StdioClientTransport>();
  const server = createServer((request, response) => {
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (known === undefined && typeof id === "string") {
      response.writeHead(404).end();
      return;
    }
    const answered = known ?? open();
    void answered.handleRequest(request, response).catch(() => response.destroy());
  });

  function open(): StreamableHTTPServerTransport {
    const front = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (session) => {
        sessions.set(session, front);
      },
    });
    const child = new StdioClientTransport({
      command: NODE,
      args: [join(PACKAGES, name, "dist/index.js"), ...args],
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stderr: "ignore",
    });
    children.add(child);
    const started = child.start();
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- transports have properties only
    front.onmessage = (message: JSONRPCMessage) => {
      void started.then(() => child.send(message)).catch(() => {}); // the child is gone
    };
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- transports have properties only
    child.onmessage = (message) => {
      void front.send(message).catch(() => {}); // nobody waits for this answer any more
    };
    void front.start();
    return front;
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    port: address.port,
    async stop() {
      server.closeAllConnections();
      server.close();
      await Promise.all([...children].map((child) => child.close()));
    },
  };
}
