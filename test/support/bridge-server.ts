import type { JsonObject } from "../../src/core/json.ts";
import type { LocalServer } from "./connect-server.ts";

/**
 * A fixture that speaks Streamable HTTP, as a local server: what a connector would start, reached in
 * the only way a test in workerd can.
 */
export function bridgeTo(url: string): LocalServer {
  const open = new Map<unknown, AbortController>();
  let session: string | undefined;
  let version: string | undefined;
  return (message, write) => {
    void post(message, write).catch(() => {}); // the fixture ends with the run
  };

  async function post(message: JsonObject, write: (message: JsonObject) => void): Promise<void> {
    const { id, method, params } = message;
    // What is called off on a pipe is hung up over HTTP.
    if (method === "notifications/cancelled")
      open.get((params as JsonObject)["requestId"])?.abort();
    const abort = new AbortController();
    if (id !== undefined && method !== undefined) open.set(id, abort);
    const response = await fetch(url, {
      signal: abort.signal,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(session === undefined ? {} : { "mcp-session-id": session }),
        ...(version === undefined ? {} : { "mcp-protocol-version": version }),
        ...modernHeaders(message),
      },
      body: JSON.stringify(message),
    });
    if (!response.ok) {
      await response.body?.cancel();
      const error = { code: -32600, message: `HTTP ${response.status}` };
      return message["id"] === undefined
        ? undefined
        : write({ jsonrpc: "2.0", id: message["id"], error });
    }
    session ??= response.headers.get("mcp-session-id") ?? undefined;
    if (message["method"] === "initialize") version = "2025-11-25";
    await readInto(response, message, write);
  }

  /** A stream that the server closes goes on where it says: a pipe never breaks off. */
  async function readInto(
    response: Response,
    request: JsonObject,
    write: (message: JsonObject) => void,
  ): Promise<void> {
    let lastId: string | undefined;
    let answered = request["id"] === undefined;
    const take = (text: string): void => {
      if (text === "") return;
      const message = JSON.parse(text) as JsonObject;
      if (message["id"] === request["id"] && message["method"] === undefined) answered = true;
      write(message);
    };
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const text = await response.text();
      if (!answered) take(text);
      return;
    }
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const read = await reader?.read();
      if (read?.value === undefined) break;
      const events = (rest + read.value).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        lastId = /^id: ?(.*)$/m.exec(event)?.[1] ?? lastId;
        take(/^data: ?(.*)$/m.exec(event)?.[1] ?? "");
      }
    }
    if (answered || lastId === undefined || session === undefined) return;
    const headers = {
      accept: "text/event-stream",
      "mcp-session-id": session,
      "last-event-id": lastId,
    };
    await readInto(await fetch(url, { headers }), request, write);
  }
}

const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/** What a modern server wants as headers stands in the message, too. */
function modernHeaders({ method, params }: JsonObject): Record<string, string> {
  const { _meta: meta, name, uri } = (params ?? {}) as Record<string, JsonObject | undefined>;
  const version = meta?.[VERSION_KEY];
  if (typeof version !== "string" || typeof method !== "string") return {};
  const named: unknown = name ?? uri;
  return {
    "mcp-protocol-version": version,
    "mcp-method": method,
    ...(typeof named === "string" ? { "mcp-name": named } : {}),
  };
}
