import { exports } from "cloudflare:workers";
import type { JsonObject } from "../../src/core/json.ts";

/** Set in vitest.config.ts. */
export const ORIGIN = "https://gateway.test";
export const STATIC_KEY = "static-key-of-the-tests-0123456789";
export const OWNER_PASSWORD = "owner-password-of-the-tests";
export const LOCAL_COMMAND_KEY = "local-command-key-of-the-tests";

export type Init = Omit<RequestInit, "headers"> & { headers?: Record<string, string> };

/** A request to the whole Worker, as it comes from outside. */
export function send(path: string, init: Init = {}): Promise<Response> {
  return exports.default.fetch(new Request(ORIGIN + path, { redirect: "manual", ...init }));
}

/** The same with the static API key. */
export function sendAuthorized(path: string, init: Init = {}): Promise<Response> {
  return send(path, {
    ...init,
    headers: { authorization: `Bearer ${STATIC_KEY}`, ...init.headers },
  });
}

const OWNER = `Basic ${btoa(`owner:${OWNER_PASSWORD}`)}`;

export function sendAsOwner(path: string, init: Init = {}): Promise<Response> {
  return send(path, { ...init, headers: { authorization: OWNER, ...init.headers } });
}

/** Brings a config into force as the local command does, loopback backends included. */
export async function configure(document: JsonObject): Promise<void> {
  const response = await sendAsOwner("/admin/api/config", {
    method: "PUT",
    headers: { "content-type": "application/json", "x-local-command-key": LOCAL_COMMAND_KEY },
    body: JSON.stringify(document),
  });
  if (response.status !== 200) throw new Error(`config refused: ${await response.text()}`);
  await response.text();
}

/** Waits until the backends have listed what they offer. */
export async function awaitReady(names: readonly string[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const response = await sendAuthorized("/status");
    const { backends } = (await response.json()) as { backends: { name: string; state: string }[] };
    const waiting = names.filter(
      (name) => backends.find((backend) => backend.name === name)?.state !== "ready",
    );
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(
        `not ready: ${JSON.stringify(backends.filter(({ name }) => waiting.includes(name)))}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export type RpcReply = {
  status: number;
  headers: Headers;
  /** The response; notifications that came before it stand in `notifications`. */
  message: JsonObject & {
    result?: JsonObject;
    error?: { code: number; message: string; data?: unknown };
  };
  notifications: JsonObject[];
  text: string;
};

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** One legacy JSON-RPC request to an MCP endpoint. */
export async function legacy(
  method: string,
  params: JsonObject = {},
  path = "/mcp",
): Promise<RpcReply> {
  return readReply(
    await sendAuthorized(path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    }),
  );
}

/** One modern JSON-RPC request with envelope and headers. */
export async function modern(
  method: string,
  params: JsonObject = {},
  { path = "/mcp", headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<RpcReply> {
  const named = params["name"] ?? params["uri"];
  const meta = params["_meta"] as JsonObject | undefined;
  return readReply(
    await sendAuthorized(path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof named === "string" ? { "mcp-name": named } : {}),
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method,
        params: { ...params, _meta: { ...MODERN_META, ...meta } },
      }),
    }),
  );
}

export async function readReply(response: Response): Promise<RpcReply> {
  const text = await response.text();
  const { status, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const messages = (isStream ? dataLines(text) : [text])
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RpcReply["message"]);
  const message = messages.find((one) => "result" in one || "error" in one) ?? {};
  return {
    status,
    headers,
    message,
    notifications: messages.filter((one) => "method" in one),
    text,
  };
}

function dataLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trim());
}
