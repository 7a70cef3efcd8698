import type { JsonObject } from "../../src/core/json.ts";
import { EventReader } from "./event-reader.ts";
import type { Ask } from "./raw-session.ts";

export type ModernWish = Readonly<{
  path?: string;
  id?: string | number;
  capabilities?: JsonObject;
  meta?: JsonObject;
}>;

/** One request of 2026-07-28 without an SDK, its answer event by event. */
export async function askModern(
  ask: Ask,
  method: string,
  params: JsonObject,
  { path = "/mcp", id = 1, capabilities = {}, meta = {} }: ModernWish = {},
): Promise<EventReader> {
  const name = params["name"] ?? params["uri"] ?? params["taskId"];
  const response = await ask(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : {}),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": capabilities,
          ...meta,
        },
      },
    }),
  });
  return new EventReader(response);
}
