import { isJsonObject, type JsonObject } from "../core/json.ts";
import { findParamMarks } from "../core/param-marks.ts";
import { META } from "../core/protocol-versions.ts";
import { readAnswer } from "./gateway-answer.ts";
import { MESSAGE_HEADERS, type GatewayDoor } from "./gateway-door.ts";
import { modernHeaders } from "./modern-headers.ts";
import { readRpc } from "./rpc-parts.ts";

/** As many pages as anybody reads of one list. */
const MAX_PAGES = 64;

/** Asks the gateway something of our own and resolves with the result, undefined for an error. */
export type AskGateway = (method: string, params: JsonObject) => Promise<JsonObject | undefined>;

/**
 * Tools whose arguments travel in headers as well. Nobody is asked about them until the gateway
 * refuses a call for want of such a header, which it does before the call runs.
 */
export class MarkedTools {
  #schemas: ReadonlyMap<string, JsonObject> = new Map();

  schemaOf(method: string, params: JsonObject): JsonObject | undefined {
    const { name } = params;
    return method === "tools/call" && typeof name === "string"
      ? this.#schemas.get(name)
      : undefined;
  }

  /** `params` of the refused call: who the client is and what it can do. */
  async learn(params: JsonObject, ask: AskGateway): Promise<void> {
    const found = new Map<string, JsonObject>();
    const meta = envelopeOf(params);
    let cursor: unknown;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const next = typeof cursor === "string" ? { cursor } : {};
      const result = await ask("tools/list", { ...next, _meta: meta });
      if (result === undefined) return;
      const tools = Array.isArray(result["tools"]) ? result["tools"] : [];
      for (const { name, inputSchema } of tools.filter(isJsonObject)) {
        if (typeof name !== "string" || !isJsonObject(inputSchema)) continue;
        if (findParamMarks(inputSchema).marks.length > 0) found.set(name, inputSchema);
      }
      cursor = result["nextCursor"];
      if (typeof cursor !== "string") break;
    }
    this.#schemas = found;
  }
}

/** A question of our own in a client's name, as its revision has it. */
export function createAsk(
  door: GatewayDoor,
  { version, signal }: Readonly<{ version: string; signal: AbortSignal }>,
): AskGateway {
  return async (method, params) => {
    const headers = modernHeaders({ method, params, version, inputSchema: undefined });
    const response = await door.send({
      method: "POST",
      headers: { ...MESSAGE_HEADERS, ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: "mcp-edge-gateway-stdio", method, params }),
      signal,
    });
    let result: JsonObject | undefined;
    await readAnswer(response, {
      onText: (text) => {
        for (const part of readRpc(text)?.parts ?? []) {
          if (part.kind === "answer" && isJsonObject(part.message["result"])) {
            result = part.message["result"];
          }
        }
      },
    });
    return result;
  };
}

function envelopeOf(params: JsonObject): JsonObject {
  const meta = params["_meta"];
  const given = isJsonObject(meta) ? meta : {};
  return Object.fromEntries(
    [META.protocolVersion, META.clientInfo, META.clientCapabilities]
      .map((key) => [key, given[key]] as const)
      .filter(([, value]) => value !== undefined),
  );
}
