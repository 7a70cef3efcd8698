import type { Load } from "./measure-throughput.ts";
import { CLIENT_HEADERS } from "./open-gateway.ts";
import { openSession } from "./session-client.ts";

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
export async function withSession(load: RpcLoad, capabilities: object = {}): Promise<RpcLoad> {
  return { ...load, headers: await openSession(load.url, { capabilities }) };
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
