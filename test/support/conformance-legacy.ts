import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { createLegacyServer, type LegacyServer } from "./conformance-legacy-server.ts";
import { TOOLS } from "./conformance-offer.ts";
import {
  answerLog,
  type ConformanceState,
  createConformanceState,
  heardMessage,
} from "./conformance-state.ts";
import { type Fixture, listenOnLoopback } from "./loopback-server.ts";

/** The conformance server of 2025-11-25 and before, on the wires that real legacy servers use. */

/** The SDK answers in its own time and says nothing when it has begun. */
const HEADERS_LOOK_MS = 5;

type LegacyOptions = Readonly<{ session: boolean; json: boolean; port?: number }>;
type Session = Readonly<{ transport: StreamableHTTPServerTransport; server: LegacyServer }>;

export async function startLegacyHttp({ session, json, port }: LegacyOptions): Promise<Fixture> {
  const state = createConformanceState(TOOLS);
  const sessions = new Map<string, Session>();
  const open = async (): Promise<Session> => {
    const server = createLegacyServer(state, { pushes: session });
    const transport = new StreamableHTTPServerTransport({
      ...(session ? { sessionIdGenerator: () => randomUUID() } : {}),
      enableJsonResponse: json,
      ...(session ? { eventStore: rememberEvents(), retryInterval: 50 } : {}),
      onsessioninitialized: (id) => {
        sessions.set(id, { transport, server });
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
      },
    });
    await server.connect(asTransport(transport));
    hearAll(asTransport(transport), state);
    return { transport, server };
  };
  return listenOnLoopback(
    async (request, response) => {
      if (answerLog(state, request, response)) return;
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
      if (request.method !== "POST") state.hear({ method: `http/${request.method}`, session: id });
      const { transport, server } = known ?? (await open());
      // Only then is there a stream for requests outside of calls.
      if (request.method === "GET") onHeaders(response, server.learnRoots);
      await transport.handleRequest(request, response);
    },
    port === undefined ? {} : { port },
  );
}

export async function startLegacySse(port?: number): Promise<Fixture> {
  const state = createConformanceState(TOOLS);
  const sessions = new Map<string, SSEServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (answerLog(state, request, response)) return;
    const url = new URL(request.url ?? "/", "http://fixture");
    if (request.method === "GET" && url.pathname === "/sse") {
      const transport = new SSEServerTransport("/messages", response);
      sessions.set(transport.sessionId, transport);
      response.on("close", () => sessions.delete(transport.sessionId));
      const server = createLegacyServer(state, { pushes: true });
      await server.connect(transport);
      hearAll(transport, state);
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

function onHeaders(response: ServerResponse, then: () => void): void {
  const look = (): void => {
    if (response.headersSent) then();
    else if (!response.destroyed) setTimeout(look, HEADERS_LOOK_MS);
  };
  look();
}

function hearAll(transport: Transport, state: ConformanceState): void {
  const { onmessage } = transport;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  transport.onmessage = (message, extra) => {
    state.hear(heardMessage(message, transport.sessionId));
    onmessage?.(message, extra);
  };
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
