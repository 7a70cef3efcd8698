import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { eventually } from "./child.ts";
import { bodyOf, listenOnLoopback } from "./loopback-server.ts";

/** One request as it came in. */
export type Came = Readonly<{
  http: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The one message in it. */
  message: JsonObject;
  /** The client closed the connection before it was answered. */
  left: Promise<void>;
}>;

export type Script = (came: Came, response: ServerResponse) => void | Promise<void>;

export type ScriptedEndpoint = Readonly<{
  url: string;
  came: readonly Came[];
  /** How the next requests are answered. */
  play: (script: Script) => void;
  /** The first request that fits, of all there were and will be. */
  until: (fits: (came: Came) => boolean) => Promise<Came>;
  close: () => Promise<void>;
}>;

/** The far end of a client, as a test wants it to be, with everything that came in. */
export async function startScriptedEndpoint(
  script: Script,
  port?: number,
): Promise<ScriptedEndpoint> {
  let playing = script;
  const came: Came[] = [];
  const server = await listenOnLoopback(
    async (request, response) => {
      const one = { ...(await read(request)), left: leaving(response) };
      came.push(one);
      await playing(one, response);
    },
    port === undefined ? {} : { port },
  );
  return {
    url: server.url.replace(/\/mcp$/, ""),
    came,
    play: (next) => {
      playing = next;
    },
    until: (fits) =>
      eventually("such a request", () => {
        const found = came.find(fits);
        return found === undefined ? Promise.reject(new Error("none yet")) : Promise.resolve(found);
      }),
    close: server.close,
  };
}

async function read(request: IncomingMessage): Promise<Omit<Came, "left">> {
  const body = await bodyOf(request);
  const parsed: unknown = body === "" ? {} : JSON.parse(body);
  const { method = "", url = "", headers } = request;
  return {
    http: `${method} ${url}`,
    headers,
    body,
    message: isJsonObject(parsed) ? parsed : {},
  };
}

function leaving(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("close", () => {
    if (!response.writableFinished) resolve();
  });
  return promise;
}

export function sendJson(
  response: ServerResponse,
  message: object | string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof message === "string" ? message : JSON.stringify(message));
}

/** An event stream that stays open. */
export function beginStream(response: ServerResponse): (message: object, id?: string) => void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  return (message, id) => {
    response.write(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`);
  };
}
