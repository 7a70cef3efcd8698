import * as z from "zod";
import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { HOP_HEADER } from "../core/hop.ts";

/** Any JSON object, passed through as it is. */
export const jsonObject = z.custom<JsonObject>(isJsonObject);

/** What a handshake found out; kept in storage, so that an evicted object need not repeat it. */
export const connectionSchema = z.object({
  era: z.enum(["modern", "legacy"]),
  protocolVersion: z.string(),
  /** The backend issues session ids (or holds a stream): one session per user. */
  sessionful: z.boolean(),
  serverInfo: jsonObject,
  capabilities: jsonObject,
  instructions: z.string().optional(),
});
export type Connection = Readonly<z.infer<typeof connectionSchema>>;

/** Where to connect: `${NAME}` resolved, headers checked. Never stored, never logged. */
export type ConnectTarget = Readonly<{
  backend: BackendName;
  url: string;
  headers: Readonly<Record<string, string>>;
  privateOrigins: readonly string[];
  /** Names this gateway to itself. */
  hopId: string;
}>;

export type Opened = Readonly<{ connection: Connection; sessionId: string | undefined }>;

/**
 * Every header of a POST but those of one request. Names in lower case: no name comes twice.
 * Both media types at once, as both 2025-11-25 (basic/transports) and Home Assistant require.
 */
export function requestHeaders(
  target: ConnectTarget,
  protocolVersion: string | undefined,
  sessionId: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers)) headers[name.toLowerCase()] = value;
  headers["content-type"] = "application/json";
  headers["accept"] = "application/json, text/event-stream";
  headers[HOP_HEADER] = target.hopId;
  if (protocolVersion !== undefined) headers["mcp-protocol-version"] = protocolVersion;
  if (sessionId !== undefined) headers["mcp-session-id"] = sessionId;
  return headers;
}
