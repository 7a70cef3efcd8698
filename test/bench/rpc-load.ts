import type { Load } from "./measure-throughput.ts";
import { CLIENT_HEADERS } from "./open-gateway.ts";

export type RpcLoad = Omit<Load, "connections" | "durationMs">;

export function callTool(url: string, name: string, args: object = MESSAGE): RpcLoad {
  return rpc(url, "tools/call", { name, arguments: args });
}

export function rpc(url: string, method: string, params: object = {}): RpcLoad {
  return {
    url,
    headers: CLIENT_HEADERS,
    body: (connection) => JSON.stringify({ jsonrpc: "2.0", id: connection + 1, method, params }),
  };
}

const MESSAGE = { message: "The quick brown fox jumps over the lazy dog" };

/** The same inside a session that the server behind `url` gives out. */
export async function withSession(load: RpcLoad): Promise<RpcLoad> {
  const headers = { "content-type": "application/json", ...load.headers };
  const opened = await post(load.url, headers, {
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "bench", version: "1.0.0" },
    },
  });
  const id = opened.headers.get("mcp-session-id");
  await opened.text();
  if (id === null) throw new Error(`no session from ${load.url}: ${opened.status}`);
  const inSession = { ...headers, "mcp-session-id": id };
  const initialized = await post(load.url, inSession, { method: "notifications/initialized" });
  await initialized.text();
  return { ...load, headers: { ...load.headers, "mcp-session-id": id } };
}

function post(url: string, headers: Record<string, string>, message: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
}

/** What one request is answered; fails when it is not the success it should be. */
export async function answerOf(load: RpcLoad): Promise<string> {
  const response = await fetch(load.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...load.headers },
    body: load.body?.(0) ?? "",
  });
  const text = await response.text();
  if (response.status !== 200 || text.includes('"error"') || text.includes('"isError":true')) {
    throw new Error(`${load.url} answered ${response.status}: ${text.slice(0, 300)}`);
  }
  return text;
}
