import * as z from "zod";
import { withDeadline } from "../core/deadline.ts";
import type { Era } from "../core/era.ts";
import { GatewayError } from "../core/errors.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RpcResponse } from "../core/json-rpc.ts";
import { redactText } from "../core/redact.ts";
import { backendFailure, statusFailure } from "./backend-failure.ts";
import {
  type Connection,
  type ConnectTarget,
  jsonObject,
  type Opened,
  requestHeaders,
} from "./connection.ts";
import {
  type Blame,
  type Fetch,
  followWithinOrigin,
  isRedirect,
  requireAllowedTarget,
} from "../core/outbound.ts";
import { CredentialRefused } from "./credential-refused.ts";
import { LeaseLost } from "./lease.ts";
import { readReply } from "./read-answer.ts";
import { CLIENT_CAPABILITIES, envelope } from "./wire.ts";

export const MODERN_VERSION = "2026-07-28";
const NEWEST_LEGACY = "2025-11-25";
const LEGACY_VERSIONS: readonly string[] = [
  NEWEST_LEGACY,
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
];

/** Three steps at most, so that a handshake ends within 30 s whatever the backend does. */
export const STEP_TIMEOUT_MS = 10_000;

/** 2025-11-25, basic/transports: visible ASCII; bounded because it is sent with every request. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

const discovered = z.looseObject({
  supportedVersions: z.array(z.string()),
  capabilities: jsonObject.default({}),
  instructions: z.string().optional(),
});
const initialized = z.looseObject({
  protocolVersion: z.string(),
  capabilities: jsonObject.default({}),
  serverInfo: jsonObject.default({}),
  instructions: z.string().optional(),
});

/** Two that may be under way at once, on a line where both answers come the same way. */
const DISCOVER_ID = 1;
const INITIALIZE_ID = 2;

type HandshakeMessage = Readonly<{
  jsonrpc: "2.0";
  id?: number;
  method: string;
  params?: JsonObject;
}>;

type OpenIo = Readonly<{
  fetch: Fetch;
  capabilities?: JsonObject | undefined;
  /** How long one step may take. */
  stepMs?: number;
  /** A legacy session there is, before it is told `initialized`. */
  onSession?: (begun: Opened) => Promise<void>;
}>;

/**
 * Finds the era and opens a connection over Streamable HTTP. Modern is asked first, because a
 * dual-era backend would accept `initialize` as well; whatever is not a modern result leads to
 * `initialize`. Only an answer is a verdict: a network failure or timeout throws.
 */
export async function openHttp(
  target: ConnectTarget,
  known: Era | undefined,
  io: OpenIo,
): Promise<Opened> {
  requireAllowedTarget(target, blameOf(target));
  if (known !== "legacy") {
    const modern = await discover(target, io);
    if (modern !== undefined) return modern;
  }
  return initialize(target, io);
}

/** Undefined: it answered, and is no modern server. */
export async function discover(target: ConnectTarget, io: OpenIo): Promise<Opened | undefined> {
  const headers = {
    ...requestHeaders(target, MODERN_VERSION, undefined),
    "mcp-method": "server/discover",
  };
  const params = { _meta: envelope(MODERN_VERSION) };
  const body: HandshakeMessage = {
    jsonrpc: "2.0",
    id: DISCOVER_ID,
    method: "server/discover",
    params,
  };
  let asked = await ask(target, io, { body, headers });
  if (mistookVersion(asked.message)) asked = await ask(target, io, { body, headers });
  const { response, message } = asked;
  if (!response.ok || message === undefined || !("result" in message)) return undefined;
  const parsed = discovered.safeParse(message.result);
  if (!parsed.success || !parsed.data.supportedVersions.includes(MODERN_VERSION)) return undefined;
  const { capabilities, instructions } = parsed.data;
  return {
    connection: {
      era: "modern",
      protocolVersion: MODERN_VERSION,
      sessionful: false,
      serverInfo: serverInfoIn(message.result),
      capabilities,
      instructions,
    },
    sessionId: undefined,
  };
}

/** Refused for a version that it says it speaks: asked again, once (2026-07-28, basic/versioning). */
function mistookVersion(message: RpcResponse | undefined): boolean {
  if (message === undefined || !("error" in message)) return false;
  const { code, data } = message.error;
  const supported = isJsonObject(data) ? data["supported"] : undefined;
  return (
    code === RPC_CODES.unsupportedVersion &&
    Array.isArray(supported) &&
    supported.includes(MODERN_VERSION)
  );
}

/** The legacy handshake; over other transports too, with an `io.fetch` that speaks them. */
export async function initialize(target: ConnectTarget, io: OpenIo): Promise<Opened> {
  const blame = blameOf(target);
  const { response, message, text } = await ask(target, io, {
    body: {
      jsonrpc: "2.0",
      id: INITIALIZE_ID,
      method: "initialize",
      params: {
        protocolVersion: NEWEST_LEGACY,
        capabilities: io.capabilities ?? CLIENT_CAPABILITIES,
        clientInfo: GATEWAY_INFO,
      },
    },
    headers: requestHeaders(target, undefined, undefined),
  });
  if (message === undefined) throw notMcp(blame, response, text);
  if ("error" in message) {
    const reason = redactText(message.error.message, 200);
    throw backendFailure(blame, "backend_failed", `refused the handshake: ${reason}`);
  }
  const parsed = initialized.safeParse(message.result);
  if (!parsed.success) {
    throw backendFailure(blame, "backend_failed", "answered the handshake with something else", {
      detail: parsed.error.message,
    });
  }
  const { protocolVersion, serverInfo, capabilities, instructions } = parsed.data;
  if (!LEGACY_VERSIONS.includes(protocolVersion)) {
    const version = redactText(protocolVersion, 40);
    throw backendFailure(
      blame,
      "backend_failed",
      `speaks protocol version "${version}", wanted one of ${LEGACY_VERSIONS.join(", ")}`,
    );
  }
  const sessionId = response.headers.get("mcp-session-id") ?? undefined;
  if (sessionId !== undefined && !SESSION_ID.test(sessionId)) {
    throw backendFailure(blame, "backend_failed", "issued a session id that is not visible ASCII");
  }
  const connection: Connection = {
    era: "legacy",
    protocolVersion,
    sessionful: sessionId !== undefined,
    serverInfo,
    capabilities,
    instructions,
  };
  if (sessionId !== undefined) await io.onSession?.({ connection, sessionId });
  await ask(target, io, {
    body: { jsonrpc: "2.0", method: "notifications/initialized" },
    headers: requestHeaders(target, protocolVersion, sessionId),
  });
  return { connection, sessionId };
}

type Asked = Readonly<{ response: Response; message: RpcResponse | undefined; text: string }>;

async function ask(
  target: ConnectTarget,
  { fetch, stepMs = STEP_TIMEOUT_MS }: OpenIo,
  { body, headers }: { body: HandshakeMessage; headers: Record<string, string> },
): Promise<Asked> {
  const blame = blameOf(target);
  let signal: AbortSignal | undefined;
  try {
    return await withDeadline(stepMs, (deadline) => {
      signal = deadline;
      return exchange(target, fetch, { body, headers, signal });
    });
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw signal?.aborted === true
      ? backendFailure(blame, "backend_timeout", timeoutReason(stepMs), { cause: error })
      : backendFailure(blame, "backend_unavailable", "could not be reached", { cause: error });
  }
}

async function exchange(
  target: ConnectTarget,
  fetch: Fetch,
  {
    body,
    headers,
    signal,
  }: { body: HandshakeMessage; headers: Record<string, string>; signal: AbortSignal },
): Promise<Asked> {
  const { url } = target;
  const init: RequestInit = {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    redirect: "manual",
    signal,
  };
  let response = await fetch(url, init);
  if (isRedirect(response.status)) {
    const blame = blameOf(target);
    response = await followWithinOrigin(response, (next) => fetch(next, init), { url, blame });
  }
  if (body.id === undefined) {
    await response.body?.cancel().catch(() => {}); // 202 has no body worth reading
    return { response, message: undefined, text: "" };
  }
  const reply = await readReply(response, {
    wireId: body.id,
    what: `the answer of backend "${target.backend}"`,
    onMessage: () => {}, // nothing was asked yet that could be progressing
  });
  return reply.kind === "response"
    ? { response, message: reply.received.value, text: "" }
    : { response, message: undefined, text: reply.text };
}

function timeoutReason(stepMs: number): string {
  return `did not answer the handshake within ${stepMs / 1_000} s`;
}

function notMcp(blame: Blame, response: Response, text: string): GatewayError {
  const failure = statusFailure(blame, response, { body: text, hasSession: false });
  return failure instanceof LeaseLost ? new CredentialRefused(blame, failure.wantsLogin) : failure;
}

function blameOf({ backend }: ConnectTarget): Blame {
  return { action: "connect", backend };
}

/** 2026-07-28, basic: servers name themselves in the `_meta` of results. */
function serverInfoIn(result: JsonObject): JsonObject {
  const meta = result["_meta"];
  const found = isJsonObject(meta) ? meta["io.modelcontextprotocol/serverInfo"] : undefined;
  return isJsonObject(found) ? found : {};
}
