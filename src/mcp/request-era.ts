import { argumentAt, findParamMarks } from "../core/param-marks.ts";
import { nameForHeader } from "../core/name-header.ts";
import type { Era } from "../core/era.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { RPC_CODES, type RpcRequest } from "../core/json-rpc.ts";
import { LEGACY_VERSIONS, META, MODERN_VERSION } from "../core/protocol-versions.ts";
import { RpcFailure } from "./rpc-failure.ts";

/**
 * The era of a request is read from its body; the headers must then agree with it (MCP 2026-07-28,
 * basic/transports). Real clients do not always write them so, and are taken at their body's word:
 * a modern body under a legacy version header (claude-code#93290), a modern version header on a
 * legacy conversation (SparkyFitness#2155), no version header at all (claude-ai-mcp#70).
 */
export function readEra(request: RpcRequest, headers: Headers): Era {
  const version = headers.get("mcp-protocol-version");
  const claimed = envelopeVersion(request);
  if (claimed === undefined) {
    if (version === MODERN_VERSION && headers.has("mcp-method")) throw missingEnvelope();
    if (version !== null && version !== MODERN_VERSION && !LEGACY_VERSIONS.includes(version)) {
      throw unsupportedVersion(version);
    }
    return "legacy";
  }
  const method = headers.get("mcp-method");
  const isLegacyHeader = version !== null && LEGACY_VERSIONS.includes(version) && method === null;
  // Disagreement comes first: it is wrong whichever of the two versions we know.
  if (version !== null && version !== claimed && !isLegacyHeader) {
    throw mismatch("MCP-Protocol-Version", version, claimed);
  }
  if (claimed !== MODERN_VERSION) throw unsupportedVersion(claimed);
  requireEnvelope(request);
  if (isLegacyHeader) return "modern";
  if (version === null) throw mismatch("MCP-Protocol-Version", version, claimed);
  if (method !== request.method) throw mismatch("Mcp-Method", method, request.method);
  checkName(request, headers);
  return "modern";
}

function envelopeVersion(request: RpcRequest): string | undefined {
  const meta = request.params?.["_meta"];
  if (!isJsonObject(meta)) return undefined;
  const version = meta[META.protocolVersion];
  return typeof version === "string" ? version : undefined;
}

function requireEnvelope(request: RpcRequest): void {
  const meta = request.params?.["_meta"];
  if (isJsonObject(meta) && isJsonObject(meta[META.clientCapabilities])) return;
  throw missingEnvelope();
}

function checkName({ method, params }: RpcRequest, headers: Headers): void {
  const named = nameForHeader(method, params);
  if (named === undefined) return;
  const header = headers.get("mcp-name");
  if (header === null || decodeHeaderValue(header) !== named) {
    throw mismatch("Mcp-Name", header, named);
  }
}

/**
 * Parameters a tool marks with `x-mcp-header` travel in `Mcp-Param-{name}` as well, so that proxies
 * can route by them; a server must refuse a request in which the two differ.
 */
export function checkParamHeaders(
  inputSchema: JsonObject,
  params: JsonObject,
  headers: Headers,
): void {
  for (const { path, header: suffix } of findParamMarks(inputSchema).marks) {
    const value = argumentAt(params["arguments"], path);
    const header = headers.get(`mcp-param-${suffix}`);
    const expected = value === undefined || value === null ? null : headerText(value);
    const given = header === null ? null : decodeHeaderValue(header);
    if (given !== expected) throw mismatch(`Mcp-Param-${suffix}`, header, expected ?? "nothing");
  }
}

/** Only primitive parameters may be marked; anything else cannot agree with a header. */
function headerText(value: JsonValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Values that are not plain ASCII travel as `=?base64?…?=`; undefined when that is malformed. */
function decodeHeaderValue(header: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(header)?.[1];
  if (encoded === undefined) return header;
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return undefined;
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

function mismatch(header: string, given: string | null, wanted: string): RpcFailure {
  const shown = given === null ? "is missing" : `is ${JSON.stringify(given.slice(0, 80))}`;
  return new RpcFailure(
    400,
    RPC_CODES.headerMismatch,
    `Header mismatch: ${header} ${shown}, the body says ${JSON.stringify(wanted.slice(0, 80))}`,
  );
}

function missingEnvelope(): RpcFailure {
  return new RpcFailure(
    400,
    RPC_CODES.invalidParams,
    `Invalid params: _meta needs "${META.protocolVersion}" and "${META.clientCapabilities}"`,
  );
}

function unsupportedVersion(requested: string): RpcFailure {
  const supported = [MODERN_VERSION, ...LEGACY_VERSIONS];
  return new RpcFailure(
    400,
    RPC_CODES.unsupportedVersion,
    `Unsupported protocol version: ${JSON.stringify(requested.slice(0, 40))}, supported are ${supported.join(", ")}`,
    { supported, requested: requested.slice(0, 40) },
  );
}
