import { isJsonObject, type JsonObject } from "./json.ts";

/** What a server says of itself rather than of a call, all revisions alike. */

const LIST_CHANGED = /^notifications\/(?:tools|prompts|resources)\/list_changed$/;
const RESOURCE_UPDATED = "notifications/resources/updated";

export function isListChanged(method: string): boolean {
  return LIST_CHANGED.test(method);
}

export function isChangeNotice(method: string): boolean {
  return method === RESOURCE_UPDATED || isListChanged(method);
}

/** The resource that has changed; undefined for any other message. */
export function updatedUri({ method, params }: JsonObject): string | undefined {
  const uri = isJsonObject(params) ? params["uri"] : undefined;
  return method === RESOURCE_UPDATED && typeof uri === "string" ? uri : undefined;
}

export function resourceUpdated(uri: string): JsonObject {
  return { jsonrpc: "2.0", method: RESOURCE_UPDATED, params: { uri } };
}

/** A part of a resource may be what has changed (2025-11-25, server/resources). */
export function coversResource(watched: string, changed: string): boolean {
  return changed === watched || changed.startsWith(watched.endsWith("/") ? watched : `${watched}/`);
}
