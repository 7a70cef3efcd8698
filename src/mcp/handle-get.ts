import type { Caller } from "../auth/caller.ts";
import { MODERN_VERSION } from "../core/protocol-versions.ts";
import { acceptsStream, type Exchange } from "./exchange.ts";
import { inMode } from "./asked-mode.ts";
import { failureReply } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";
import { whileValid } from "./while-valid.ts";

/**
 * The stream a legacy client opens for what belongs to none of its requests, or takes up again with
 * `Last-Event-ID` (2025-11-25, basic/transports). The modern era has none of this.
 */
export async function handleGet(exchange: Exchange, caller: Caller): Promise<Response> {
  const { deps, sessions, scope, request, mode } = exchange;
  const { headers } = request;
  try {
    refuseModern(headers);
    if (!acceptsStream(headers)) {
      throw new RpcFailure(406, -32600, 'Not acceptable: "Accept" must name text/event-stream');
    }
    const session = headers.get("mcp-session-id") ?? undefined;
    const info = session === undefined ? undefined : await sessions.require(caller, scope, session);
    const lastEventId = headers.get("last-event-id") ?? undefined;
    const stub = deps.callers(caller.userId);
    const response = await stub.stream({
      caller: inMode(caller, mode, info),
      scope,
      session,
      lastEventId,
    });
    return whileValid(exchange, caller, response);
  } catch (error) {
    return jsonReply(failureReply(null, error));
  }
}

/** A legacy client ends its session. */
export async function handleDelete(exchange: Exchange, caller: Caller): Promise<Response> {
  const { sessions, scope, request } = exchange;
  const id = request.headers.get("mcp-session-id");
  try {
    refuseModern(request.headers);
    if (id === null)
      throw new RpcFailure(400, -32600, "Invalid request: Mcp-Session-Id is missing");
    await sessions.end(caller, scope, id);
    return new Response(null, { status: 204 });
  } catch (error) {
    return jsonReply(failureReply(null, error));
  }
}

/** 2026-07-28, basic/transports: there is nothing but POST. */
function refuseModern(headers: Headers): void {
  if (headers.get("mcp-protocol-version") !== MODERN_VERSION) return;
  throw new RpcFailure(405, -32600, "Method not allowed: this revision has only POST");
}
