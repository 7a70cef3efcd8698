import type { ListedTool } from "../catalog/listing.ts";
import { APPS_EXTENSION } from "../catalog/passed-extensions.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId, RpcNotification } from "../core/json-rpc.ts";
import { nameForHeader } from "../core/name-header.ts";
import { headerValue, paramHeaders } from "../core/param-headers.ts";
import type { Lease } from "./lease.ts";

/** One request as its surface received it; translated to the era of the backend on the way. */
export type BackendRequest = Readonly<{
  /** The id the answer carries. */
  id: RequestId;
  method: string;
  params?: JsonObject;
  /** The definition of the called tool: says which arguments a modern backend wants as headers. */
  tool?: ListedTool;
  /** What could not be done, for messages: `call tool "x"`. */
  action?: string;
  /** What the caller's client can do, for a modern backend; a legacy one was told at `initialize`. */
  capabilities?: JsonObject;
}>;

export type WireRequest = Readonly<{
  body: string;
  headers: HeadersInit;
  /** The id the backend sees; another one than the caller's where a session is shared. */
  wireId: RequestId;
  /** The caller's, where the backend was given ours. */
  progressToken: RequestId | undefined;
}>;

const ENVELOPE = "io.modelcontextprotocol/";
const VERSION_KEY = `${ENVELOPE}protocolVersion`;
const CLIENT_INFO_KEY = `${ENVELOPE}clientInfo`;
const CAPABILITIES_KEY = `${ENVELOPE}clientCapabilities`;
const LOG_LEVEL_KEY = `${ENVELOPE}logLevel`;
/** What a modern request says about its client (2026-07-28, basic): meaningless to a legacy backend. */
const ENVELOPE_KEYS: ReadonlySet<string> = new Set([
  VERSION_KEY,
  CLIENT_INFO_KEY,
  CAPABILITIES_KEY,
  LOG_LEVEL_KEY,
]);

/**
 * What we declare to backends where no client stands behind the request: nothing that would make one
 * ask back. Pages of MCP Apps pass through the gateway, and some servers list them only to those who
 * say so; others ignore what they do not know, as Claude declares this and nothing else.
 */
export const CLIENT_CAPABILITIES: JsonObject = {
  extensions: { [APPS_EXTENSION]: { mimeTypes: ["text/html;profile=mcp-app"] } },
};

/**
 * What is declared where a backend is only listed: some offer tools only to clients that can be
 * asked. A client without the capability that calls one hears the backend's own refusal.
 */
export const LISTING_CAPABILITIES: JsonObject = {
  elicitation: { form: {}, url: {} },
  sampling: { tools: {} },
  roots: { listChanged: true },
  ...CLIENT_CAPABILITIES,
};

/** What every modern request carries (2026-07-28, basic): our name, what the client can do. */
export function envelope(
  protocolVersion: string,
  capabilities: JsonObject = CLIENT_CAPABILITIES,
): JsonObject {
  return {
    [VERSION_KEY]: protocolVersion,
    [CLIENT_INFO_KEY]: GATEWAY_INFO,
    [CAPABILITIES_KEY]: capabilities,
  };
}

/** Different in every isolate: several of them speak in one session. */
let idPrefix: string | undefined;
let idCount = 0;

export function encodeRequest(lease: Lease, request: BackendRequest): WireRequest {
  const shared = lease.sessionId !== undefined;
  const wireId = shared ? uniqueId() : request.id;
  const meta = isJsonObject(request.params?.["_meta"]) ? request.params["_meta"] : undefined;
  const token = meta?.["progressToken"];
  const ownToken = shared && (typeof token === "string" || typeof token === "number");
  const progress = ownToken ? { progressToken: wireId } : {};
  const params =
    lease.era === "modern"
      ? {
          ...request.params,
          _meta: {
            ...legacyLogLevel(meta),
            ...meta,
            ...progress,
            ...envelope(lease.protocolVersion, request.capabilities),
          },
        }
      : legacyParams(request.params, meta, progress);
  return {
    body: JSON.stringify({ jsonrpc: "2.0", id: wireId, method: request.method, params }),
    headers: lease.era === "modern" ? modernHeaders(lease, request) : nativeHeaders(lease),
    wireId,
    progressToken: ownToken ? token : undefined,
  };
}

/** Made once for a lease: turning a record into headers would cost more than sending them. */
const native = new WeakMap<Lease, Headers>();

function nativeHeaders(lease: Lease): Headers {
  const held = native.get(lease);
  if (held !== undefined) return held;
  const headers = new Headers(lease.headers);
  native.set(lease, headers);
  return headers;
}

/** The caller's own progress token where the backend was given ours. */
export function restoreToken(
  { wireId, progressToken }: WireRequest,
  notification: RpcNotification,
): RpcNotification {
  if (progressToken === undefined || notification.params?.["progressToken"] !== wireId) {
    return notification;
  }
  return { ...notification, params: { ...notification.params, progressToken } };
}

/**
 * A legacy client hears log messages unasked, a modern backend sends them only when asked: so we ask
 * for a client that could not (2026-07-28, logging).
 */
function legacyLogLevel(meta: JsonObject | undefined): JsonObject {
  return meta?.[VERSION_KEY] === undefined ? { [LOG_LEVEL_KEY]: "info" } : {};
}

/** Letters and digits only, so that JSON never escapes it and it can be replaced in a text. */
function uniqueId(): string {
  // Made on first use: workerd gives no randomness while a module is loaded.
  idPrefix ??= `g${crypto.randomUUID().replaceAll("-", "")}x`;
  idCount += 1;
  return idPrefix + idCount.toString(36);
}

function legacyParams(
  params: JsonObject | undefined,
  meta: JsonObject | undefined,
  progress: JsonObject,
): JsonObject | undefined {
  if (params === undefined || meta === undefined) return params;
  const kept = Object.entries(meta).filter(([key]) => !ENVELOPE_KEYS.has(key));
  const { _meta: _, ...rest } = params;
  return kept.length === 0
    ? rest
    : { ...rest, _meta: { ...Object.fromEntries(kept), ...progress } };
}

/** 2026-07-28, basic/transports: required on each POST, and checked against the body. */
function modernHeaders(lease: Lease, request: BackendRequest): Record<string, string> {
  const headers: Record<string, string> = { ...lease.headers, "Mcp-Method": request.method };
  const name = nameForHeader(request.method, request.params);
  if (name !== undefined) headers["Mcp-Name"] = headerValue(name);
  if (request.method === "tools/call" && request.tool !== undefined) {
    Object.assign(headers, paramHeaders(request.tool.inputSchema, request.params?.["arguments"]));
  }
  return headers;
}
