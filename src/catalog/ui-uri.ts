import type { BackendName } from "../core/ids.ts";
import { isJsonObject } from "../core/json.ts";
import type { ListedTool } from "./listing.ts";

/**
 * Pages of MCP Apps (extension `io.modelcontextprotocol/ui`) under `/mcp`, where several backends
 * share one address: `ui://x` of the backend "erp" is `ui://erp/x` there. Every `ui://` URI is
 * renamed and none by its neighbours, so that two backends with the same URI never get each other's
 * page: an app shown for the tool of another backend could ask its user for anything in that
 * backend's name. Under `/mcp/{backend}` and for every other scheme a URI stays what it is.
 */
const SCHEME = "ui://";
const EXPOSED = /^ui:\/\/([a-z][a-z0-9-]{0,30})\/(.*)$/s;

export function isUiUri(uri: string): boolean {
  return uri.startsWith(SCHEME);
}

/** As callers of `/mcp` see it. Templates too: their expressions stand behind the scheme. */
export function toExposedUri(backend: BackendName, uri: string): string {
  return isUiUri(uri) ? `${SCHEME}${backend}/${uri.slice(SCHEME.length)}` : uri;
}

/** The exact inverse; undefined for what was not made here. The backend is named, not known. */
export function fromExposedUri(exposed: string): { backend: string; uri: string } | undefined {
  const [, backend, rest] = EXPOSED.exec(exposed) ?? [];
  return backend === undefined || rest === undefined ? undefined : { backend, uri: SCHEME + rest };
}

/** A tool whose page is named as the list of resources under `/mcp` names it. */
export function toExposedTool(backend: BackendName, tool: ListedTool): ListedTool {
  const meta = tool["_meta"];
  if (!isJsonObject(meta)) return tool;
  const { ui } = meta;
  const page = isJsonObject(ui) ? ui["resourceUri"] : undefined;
  // The older, flat form; clients read either.
  const flat = meta["ui/resourceUri"];
  const changes = {
    ...(isJsonObject(ui) && typeof page === "string"
      ? { ui: { ...ui, resourceUri: toExposedUri(backend, page) } }
      : {}),
    ...(typeof flat === "string" ? { "ui/resourceUri": toExposedUri(backend, flat) } : {}),
  };
  return Object.keys(changes).length === 0 ? tool : { ...tool, _meta: { ...meta, ...changes } };
}
