import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { chooseMedia } from "./accepted-media.ts";
import { essence, isBase64, jsonBody, mediaBody } from "./rest-body.ts";
import type { RestExchange } from "./rest-exchange.ts";

/** The result of a tool as an HTTP answer. Throws GatewayError for a JSON-RPC error. */
export function toRestReply(
  answer: Answer,
  _tool: VisibleTool,
  { request, context }: Pick<RestExchange, "request" | "context" | "config" | "compat">,
): Response {
  const message = answer.message();
  if ("error" in message) throw new GatewayError("backend_failed", message.error.message);
  const { content, structuredContent } = message.result;
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  const [first] = blocks;
  const headers = { "x-request-id": context.requestId };
  const { mimeType, data } = first ?? {};
  if (typeof mimeType === "string" && typeof data === "string" && isBase64(data)) {
    const chosen = chooseMedia(request.headers.get("accept"), [essence(mimeType) ?? ""]);
    if (chosen !== undefined) return mediaBody({ mimeType, base64: data }, headers);
  }
  const value = structuredContent ?? (blocks.length === 1 ? (first?.["text"] ?? first) : blocks);
  return jsonBody(JSON.stringify(value), headers);
}
