import { readBoundedText } from "../core/bounded-read.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import { nameForHeader } from "../core/name-header.ts";
import { headerValue, paramHeaders } from "../core/param-headers.ts";
import { MAX_TO_GATEWAY } from "../tunnel/tunnel-protocol.ts";
import { Backoff } from "../shell/backoff.ts";
import {
  fetchProblem,
  isEventStream,
  readEvents,
  type Channel,
  type ChannelHooks,
  type RemoteServer,
} from "./remote-channel.ts";
import { errorAnswer, peek, type Peeked } from "./rpc-peek.ts";

const STREAM_TIMES = { firstMs: 1_000, maxMs: 60_000 };
const GOODBYE_MS = 1_000;
/** More tools than any server has that marks arguments. */
const MAX_TOOLS = 5_000;
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/**
 * A Streamable HTTP server as if it were at the other end of a pipe: each message is a POST, and all
 * that comes back, on whatever stream, is one sequence of messages. Both eras pass: what the headers
 * have to say is read from the messages themselves.
 */
export function openHttpChannel(server: RemoteServer, hooks: ChannelHooks): Channel {
  /** Requests under way, and how to let go of them. */
  const waiting = new Map<RequestId, AbortController>();
  /** Of tools that mark arguments for headers. */
  const schemas = new Map<string, JsonObject>();
  const closed = new AbortController();
  let sessionId: string | undefined;
  let protocolVersion: string | undefined;
  let isEnded = false;
  let isListening = false;

  function end(reason: string): void {
    if (isEnded) return;
    isEnded = true;
    closed.abort();
    hooks.onEnd(reason);
  }

  function emit(text: string): void {
    const messages = peek(text);
    if (messages === undefined || isEnded) return;
    for (const message of messages) if (message.kind === "answer") waiting.delete(message.id);
    hooks.onMessage(text);
    rememberWhatHeadersNeed(text);
  }

  /** The version of a legacy session, and the schemas of tools; both pass through here once. */
  function rememberWhatHeadersNeed(text: string): void {
    if (!text.includes('"protocolVersion"') && !text.includes('"x-mcp-header"')) return;
    const message: unknown = JSON.parse(text);
    if (!isJsonObject(message) || !isJsonObject(message["result"])) return;
    const { protocolVersion: version, tools } = message["result"];
    if (typeof version === "string") protocolVersion = version;
    for (const tool of Array.isArray(tools) ? tools : []) {
      if (!isJsonObject(tool) || typeof tool["name"] !== "string") continue;
      if (isJsonObject(tool["inputSchema"]) && schemas.size < MAX_TOOLS) {
        schemas.set(tool["name"], tool["inputSchema"]);
      }
    }
  }

  function headersFor(text: string): Record<string, string> {
    const headers: Record<string, string> = {
      ...server.headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
      ...(protocolVersion === undefined ? {} : { "mcp-protocol-version": protocolVersion }),
    };
    if (!text.includes(VERSION_KEY)) return headers;
    const message: unknown = JSON.parse(text);
    if (!isJsonObject(message) || typeof message["method"] !== "string") return headers;
    const { method } = message;
    const params = isJsonObject(message["params"]) ? message["params"] : {};
    const version = isJsonObject(params["_meta"]) ? params["_meta"][VERSION_KEY] : undefined;
    if (typeof version !== "string") return headers;
    headers["mcp-protocol-version"] = version;
    headers["mcp-method"] = method;
    const name = nameForHeader(method, params);
    if (name === undefined) return headers;
    headers["mcp-name"] = headerValue(name);
    const schema = method === "tools/call" ? schemas.get(name) : undefined;
    return schema === undefined
      ? headers
      : { ...headers, ...paramHeaders(schema, params["arguments"]) };
  }

  async function post(text: string, messages: readonly Peeked[]): Promise<void> {
    const ids = messages.flatMap((message) => (message.kind === "request" ? [message.id] : []));
    const abort = new AbortController();
    for (const id of ids) waiting.set(id, abort);
    let problem = "ended its answer too early";
    try {
      const response = await fetch(server.url, {
        method: "POST",
        headers: headersFor(text),
        body: text,
        redirect: "manual",
        signal: AbortSignal.any([abort.signal, closed.signal]),
      });
      hooks.onAlive();
      sessionId = response.headers.get("mcp-session-id") ?? sessionId;
      if (response.status === 404 && sessionId !== undefined) {
        end("has ended its session");
        return;
      }
      if (!response.ok) problem = `answered HTTP ${response.status}`;
      await receive(response);
      const isNotice = ids.length === 0 && text.includes('"notifications/initialized"');
      if (response.ok && isNotice) void listen();
    } catch (error) {
      if (abort.signal.aborted || closed.signal.aborted) return;
      problem = fetchProblem(error);
      end(problem);
    } finally {
      for (const id of ids) {
        if (waiting.delete(id) && !isEnded)
          hooks.onMessage(errorAnswer(id, `The server ${problem}`));
      }
    }
  }

  async function receive(response: Response): Promise<void> {
    if (isEventStream(response)) {
      await readEvents(response, {
        onEvent: (name, data) => {
          if (name === "message") emit(data);
        },
        hasRoom: hooks.hasRoom,
      });
      return;
    }
    await hooks.hasRoom();
    emit(await readBoundedText(response, MAX_TO_GATEWAY, "an answer"));
  }

  /** What a legacy server says by itself; many offer no such stream. */
  async function listen(): Promise<void> {
    if (isListening) return;
    isListening = true;
    const backoff = new Backoff(STREAM_TIMES);
    while (!closed.signal.aborted) {
      const { "content-type": _, ...headers } = headersFor("");
      try {
        // oxlint-disable-next-line no-await-in-loop -- one stream after the other
        const response = await fetch(server.url, {
          headers: { ...headers, accept: "text/event-stream" },
          redirect: "manual",
          signal: closed.signal,
        });
        if (!response.ok || !isEventStream(response)) {
          void response.body?.cancel();
          return;
        }
        backoff.up();
        // oxlint-disable-next-line no-await-in-loop -- as above
        await receive(response);
      } catch {
        // broken off: opened again below, and a server that is gone is noticed by the next call
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await waitFor(backoff.next(), closed.signal);
    }
  }

  return {
    send: (text, messages) => {
      for (const message of messages) {
        if (message.kind !== "cancelled") continue;
        const abort = waiting.get(message.id);
        waiting.delete(message.id);
        // Of a modern request the end of its stream says it all.
        abort?.abort();
        if (protocolVersion === undefined) return;
      }
      void post(text, messages);
    },
    close: async () => {
      isEnded = true;
      closed.abort();
      if (sessionId === undefined) return;
      await fetch(server.url, {
        method: "DELETE",
        headers: headersFor(""),
        redirect: "manual",
        signal: AbortSignal.timeout(GOODBYE_MS),
      }).catch(() => {}); // the session ends there by itself
    },
  };
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
