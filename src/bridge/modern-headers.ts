import { isJsonObject, type JsonObject } from "../core/json.ts";
import { nameForHeader } from "../core/name-header.ts";
import { headerValue, paramHeaders } from "../core/param-headers.ts";
import { META } from "../core/protocol-versions.ts";

/** The revision a request claims in its own `_meta`; undefined for the ones before 2026-07-28. */
export function claimedVersion(params: JsonObject): string | undefined {
  const meta = params["_meta"];
  const version = isJsonObject(meta) ? meta[META.protocolVersion] : undefined;
  return typeof version === "string" ? version : undefined;
}

/**
 * What the body says, once more in headers (2026-07-28, basic/transports): over stdio there are none,
 * so a client has not written them.
 */
export function modernHeaders({
  method,
  params,
  version,
  inputSchema,
}: Readonly<{
  method: string;
  params: JsonObject;
  version: string;
  /** Of the called tool, where it is known to mark arguments. */
  inputSchema: JsonObject | undefined;
}>): Readonly<Record<string, string>> {
  const name = nameForHeader(method, params);
  return {
    "mcp-protocol-version": headerValue(version),
    "mcp-method": headerValue(method),
    ...(name === undefined ? {} : { "mcp-name": headerValue(name) }),
    ...(inputSchema === undefined ? {} : paramHeaders(inputSchema, params["arguments"])),
  };
}
