import type { Caller } from "../auth/caller.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { answerAlone } from "./answer-alone.ts";
import type { Exchange } from "./exchange.ts";
import { jsonReply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";

/**
 * The handshake of a legacy client begins a session (2025-11-25, basic/transports). A client that
 * does not send its id afterwards is served without one.
 */
export async function initialize(
  exchange: Exchange,
  caller: Caller,
  request: RpcRequest,
): Promise<Response> {
  const { sessions, scope } = exchange;
  if (exchange.request.headers.has("mcp-session-id")) {
    // Nobody chooses the id of a session but the gateway (session fixation).
    throw new RpcFailure(400, -32600, "Invalid request: initialize carries no session id");
  }
  const reply = await answerAlone(exchange, caller, request);
  const response = jsonReply(reply);
  const answered: unknown = JSON.parse(reply.text);
  const result = isJsonObject(answered) ? answered["result"] : undefined;
  const protocolVersion = isJsonObject(result) ? result["protocolVersion"] : undefined;
  if (typeof protocolVersion !== "string") return response;
  const declared = request.params?.["capabilities"];
  const capabilities = isJsonObject(declared) ? declared : {};
  const session = await sessions.open(caller, { scope, protocolVersion, capabilities });
  response.headers.set("mcp-session-id", session.id);
  return response;
}
