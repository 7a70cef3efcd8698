import { asGatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import { ALL, type Scope, type VisibleTool } from "../gateway/gateway.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import { askBackend } from "./ask-backend.ts";
import { callContext } from "./call-context.ts";
import { readArguments } from "./read-arguments.ts";
import { restErrorResponse } from "./rest-errors.ts";
import type { RestExchange } from "./rest-exchange.ts";
import type { ToolHome } from "./rest-path.ts";
import { RestRefusal } from "./rest-refusal.ts";
import { toRestReply } from "./rest-reply.ts";

/** Runs a tool that the caller sees. Its failures are answers that name it. */
export async function callTool(exchange: RestExchange, tool: VisibleTool): Promise<Response> {
  try {
    const context = callContext(exchange);
    const args = await readArguments(exchange, tool);
    const answer = await askBackend(
      exchange,
      {
        method: "tools/call",
        scope: scopeOf(tool.backend),
        params: { name: tool.name, arguments: args },
        action: `call tool "${tool.name}"`,
      },
      context,
    );
    if (!wantsWhole(exchange)) requireSuccess(answer, exchange);
    return toRestReply(answer, tool, exchange);
  } catch (thrown) {
    return restErrorResponse(asGatewayError(thrown), {
      requestId: exchange.context.requestId,
      server: tool.backend,
      tool: tool.ownName,
      compat: exchange.compat,
    });
  }
}

/** Of a backend under its own names; the gateway's own tools are beside those of all. */
function scopeOf(home: ToolHome): Scope {
  return home === HOUSE ? ALL : { kind: "one", backend: home };
}

/** Who asks for the result as it came reads there that the tool failed. */
function wantsWhole({ query }: RestExchange): boolean {
  return query?.get("result") === "whole";
}

function requireSuccess(answer: Answer, { config }: RestExchange): void {
  const message = answer.message();
  if ("error" in message || message.result["isError"] !== true) return;
  const { content, structuredContent } = message.result;
  throw new RestRefusal("backend_failed", textOf(content) || "The tool failed and says no more", {
    code: "tool_error",
    status: config.toolErrorStatus,
    ...(structuredContent === undefined ? {} : { data: structuredContent }),
  });
}

/** All of it: some tools say in the second block what to do about the first. */
function textOf(content: JsonObject[string]): string {
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return blocks
    .map(({ text }) => text)
    .filter((text) => typeof text === "string")
    .join("\n");
}
