import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import type { RestExchange } from "./rest-exchange.ts";

/** The result of a tool as an HTTP answer. Throws GatewayError for a JSON-RPC error. */
export function toRestReply(
  answer: Answer,
  _tool: VisibleTool,
  { context }: Pick<RestExchange, "request" | "context" | "config" | "compat">,
): Response {
  const message = answer.message();
  if ("error" in message) throw new GatewayError("backend_failed", message.error.message);
  const { content, structuredContent } = message.result;
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  const [first] = blocks;
  const value = structuredContent ?? (blocks.length === 1 ? (first?.["text"] ?? first) : blocks);
  return Response.json(value, { headers: { "x-request-id": context.requestId } });
}
