import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { EventReader } from "./event-reader.ts";

/** A request to the gateway with a credential: by `fetch`, or inside workerd. */
export type Ask = (
  path: string,
  init: Readonly<{ method: string; headers: Record<string, string>; body?: string }>,
) => Promise<Response>;

export type RawSession = Readonly<{
  id: string;
  /** Any message as it stands. */
  post: (message: object) => Promise<Response>;
  /** A request, its answer as a stream of events (one, where it came as JSON). */
  request: (id: string | number, method: string, params?: object) => Promise<EventReader>;
  call: (id: string | number, name: string, args?: object) => Promise<EventReader>;
  get: (lastEventId?: string) => Promise<Response>;
  listen: (lastEventId?: string) => Promise<EventReader>;
  end: () => Promise<Response>;
  /** The same session, asked for by somebody else or elsewhere. */
  as: (ask: Ask, path?: string) => RawSession;
}>;

export type SessionWish = Readonly<{
  path?: string;
  version?: string;
  capabilities?: object;
}>;

/** A legacy session without an SDK, so that a test sees every event and breaks what it likes. */
export async function openRawSession(
  ask: Ask,
  { path = "/mcp", version = "2025-11-25", capabilities = {} }: SessionWish = {},
): Promise<RawSession> {
  const response = await ask(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: BOTH },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: "initialize",
      method: "initialize",
      params: { protocolVersion: version, capabilities, clientInfo: { name: "raw", version: "1" } },
    }),
  });
  const text = await response.text();
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`no session: ${response.status} ${text}`);
  return rawSession(ask, { path, version, id });
}

const BOTH = "application/json, text/event-stream";

function rawSession(
  ask: Ask,
  known: Readonly<{ path: string; version: string; id: string }>,
): RawSession {
  const { path, version, id } = known;
  const headers = { "mcp-session-id": id, "mcp-protocol-version": version };
  const post: RawSession["post"] = (message) =>
    ask(path, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", accept: BOTH },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
  const request: RawSession["request"] = async (requestId, method, params = {}) =>
    new EventReader(await post({ id: requestId, method, params }));
  const get: RawSession["get"] = (lastEventId) =>
    ask(path, {
      method: "GET",
      headers: {
        ...headers,
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
    });
  return {
    id,
    post,
    request,
    call: (requestId, name, args = {}) =>
      request(requestId, "tools/call", { name, arguments: args }),
    get,
    listen: async (lastEventId) => new EventReader(await get(lastEventId)),
    end: () => ask(path, { method: "DELETE", headers }),
    as: (other, elsewhere = path) => rawSession(other, { ...known, path: elsewhere }),
  };
}

/** The text of a tool's result, or of the error that came instead. */
export function outcomeOf(message: JsonObject | undefined): string {
  const { result, error } = message ?? {};
  if (isJsonObject(error)) return `error ${JSON.stringify(error)}`;
  const content = isJsonObject(result) ? result["content"] : undefined;
  const [first] = Array.isArray(content) ? content : [];
  const text = isJsonObject(first) ? first["text"] : undefined;
  return typeof text === "string" ? text : JSON.stringify(message);
}

/** At the real gateway, with a key. */
export function askDoor({ url, apiKey }: Readonly<{ url: string; apiKey: string }>): Ask {
  return (path, init) =>
    fetch(url + path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${apiKey}` },
    });
}
