import { GatewayError } from "../core/errors.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { mcpoValue } from "./mcpo-value.ts";
import { jsonBody, mediaBody } from "./rest-body.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { readToolResult } from "./result-blocks.ts";
import { chosenMedia } from "./result-media.ts";
import { resultValue } from "./result-value.ts";

/** The result of a tool as an HTTP answer: JSON, or the bytes of the one medium that is wanted. */
export function toRestReply(
  answer: Answer,
  { tool }: VisibleTool,
  {
    request,
    query,
    context,
    config,
    compat,
  }: Pick<RestExchange, "request" | "query" | "context" | "config" | "compat">,
): Response {
  const message = answer.message();
  if ("error" in message) throw new GatewayError("backend_failed", message.error.message);
  const result = readToolResult(answer, message.result);
  const headers = { "x-request-id": context.requestId };
  // What the backend answered, to the last member.
  if (query?.get("result") === "whole") {
    return jsonBody(result.whole(), headers, result.isError ? config.toolErrorStatus : 200);
  }
  if (compat) return jsonBody(mcpoValue(result, tool), headers);
  const media = chosenMedia(request.headers.get("accept"), result);
  return media === undefined
    ? jsonBody(resultValue(result, tool), headers)
    : mediaBody(media, headers);
}
