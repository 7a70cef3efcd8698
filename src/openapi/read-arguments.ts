import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { readJsonBody } from "../http/json-body.ts";
import type { RestExchange } from "./rest-exchange.ts";

/**
 * The arguments of a call: the body as it was sent. No body is no arguments. Throws
 * `invalid_request`, `unsupported_media_type`, `too_large` and `ArgumentsRefused`.
 */
export async function readArguments(
  { request }: Pick<RestExchange, "request" | "context" | "compat">,
  _tool: VisibleTool,
): Promise<JsonObject> {
  if (request.body === null || request.headers.get("content-length") === "0") return {};
  const body = await readJsonBody(request);
  if (isJsonObject(body)) return body;
  throw new GatewayError("invalid_params", "Cannot read the arguments: wanted a JSON object");
}
