import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES } from "../core/json-rpc.ts";

/** Of a backend's error: a sentence or two, never a page. */
export const MAX_ERROR_TEXT = 2_000;

/** Errors that a client acts upon: a page its user must visit first (2025-11-25), what it lacks. */
export const FOR_CLIENTS: ReadonlySet<number> = new Set([-32042, RPC_CODES.missingCapability]);

export function argumentsIn(params: JsonObject): JsonObject {
  return isJsonObject(params["arguments"]) ? params["arguments"] : {};
}

/** Progress, trace, and what a client answers to questions of the backend: it is asked the same. */
export function aboutRequest(params: JsonObject): JsonObject {
  const { _meta: meta, inputResponses, requestState } = params;
  return {
    ...(meta === undefined ? {} : { _meta: meta }),
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
}
