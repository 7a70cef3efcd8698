import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, type Fixture, listenOnLoopback } from "./loopback-server.ts";
import { QUIRKS } from "./quirks.ts";

/**
 * Backends as they are met in the wild, each at `{url}/{quirk}/{key}`: real HTTP, written by hand,
 * so that they can break every rule. `key` keeps the memory of one test from another's.
 *
 * `GET {url}/log/{quirk}/{key}`: what arrived there. `POST {url}/control/{quirk}/{key}` with JSON:
 * `down` closes every connection, `loseSessions` forgets, `tools` changes what is listed.
 */
export type Message = {
  jsonrpc: string;
  id?: string | number;
  method?: string;
  params?: { [key: string]: unknown; _meta?: { progressToken?: unknown } };
};

export type Arrived = { http: string; headers: IncomingHttpHeaders; message: Message | undefined };

export type Memory = {
  down: boolean;
  log: Arrived[];
  sessions: Set<string>;
  tools: string[] | undefined;
  /** Of the quirk `scripted`: results by method, or by method and name or URI. */
  offer: Record<string, object>;
  /** What a quirk says as soon as it is told `initialized`. */
  greetings: object[];
  /** The newest one. */
  stream: ServerResponse | undefined;
};

export type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  message: Message;
  memory: Memory;
  origin: string;
};

export async function startQuirkyBackends(port?: number): Promise<Fixture> {
  const memories = new Map<string, Memory>();
  const memoryOf = (name: string): Memory => {
    const memory = memories.get(name) ?? newMemory();
    memories.set(name, memory);
    return memory;
  };
  return listenOnLoopback(
    async (request, response) => {
      const [, first = "", ...rest] = (request.url ?? "").split("/");
      const text = await bodyOf(request);
      if (first === "log") {
        response.end(JSON.stringify(memoryOf(rest.join("/")).log));
        return;
      }
      if (first === "control") {
        const { loseSessions, ...change } = JSON.parse(text);
        const memory = Object.assign(memoryOf(rest.join("/")), change);
        if (loseSessions === true) memory.sessions.clear();
        response.end("{}");
        return;
      }
      const memory = memoryOf([first, ...rest].join("/"));
      if (memory.down) {
        request.socket.resetAndDestroy();
        return;
      }
      const message: Message | undefined = text === "" ? undefined : JSON.parse(text);
      memory.log.push({ http: request.method ?? "", headers: request.headers, message });
      const quirk = QUIRKS[first];
      if (quirk === undefined) {
        response.writeHead(404).end("no such quirk");
        return;
      }
      const origin = `http://${request.headers.host}`;
      await quirk({ request, response, memory, origin, message: message ?? { jsonrpc: "" } });
    },
    { path: "", ...(port === undefined ? {} : { port }) },
  );
}

function newMemory(): Memory {
  return {
    down: false,
    log: [],
    sessions: new Set(),
    tools: undefined,
    offer: {},
    greetings: [],
    stream: undefined,
  };
}
