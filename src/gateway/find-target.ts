import type { CatalogTool } from "../catalog/merge-listings.ts";
import { findResourceOwner } from "../catalog/find-resource-owner.ts";
import { fromExposedUri, isUiUri } from "../catalog/ui-uri.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { LocatedRequest, Scope } from "./gateway.ts";
import { unknownBackend } from "./views.ts";
import type { View } from "./view.ts";

/** Where a request goes, with its params in the backend's own names. */
export type Target = Readonly<{
  backend: BackendName;
  params: JsonObject;
  /** For the audit: own name, or the scheme of a URI. */
  label: string;
  tool: CatalogTool | undefined;
}>;

/** The longest piece of a caller's text an error repeats. */
const SHOWN = 120;

/** Throws `invalid_params` and `not_found`; a forbidden target is not found. */
export function findTarget(view: View, { method, scope, params, backend }: LocatedRequest): Target {
  switch (method) {
    case "tools/call":
      return findTool(view, params);
    case "prompts/get":
      return findPrompt(view, params);
    case "resources/read":
      return findResource(view, scope, params);
    case "completion/complete":
      return findCompletion(view, scope, params);
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      return findTask(view, params, backend);
    default:
      return method satisfies never;
  }
}

/** A task lives where it was made, for as long as the caller sees anything of that backend. */
function findTask(view: View, params: JsonObject, backend: BackendName | undefined): Target {
  const isSeen = view.offers.some(({ config }) => config.name === backend);
  if (backend === undefined || !isSeen) {
    throw new GatewayError("invalid_params", "Cannot find the task: it is unknown or too old");
  }
  return { backend, params, label: "task", tool: undefined };
}

function findTool(view: View, params: JsonObject): Target {
  const name = requireText(params, "name");
  const tool = view.tools.get(name);
  if (tool === undefined) throw notFound("tool", name);
  return {
    backend: tool.backend,
    params: rename(params, name, tool.ownName),
    label: tool.ownName,
    tool,
  };
}

function findPrompt(view: View, params: JsonObject): Target {
  const name = requireText(params, "name");
  const prompt = view.prompts.get(name);
  if (prompt === undefined) throw notFound("prompt", name);
  return {
    backend: prompt.backend,
    params: rename(params, name, prompt.ownName),
    label: prompt.ownName,
    tool: undefined,
  };
}

function findResource(view: View, scope: Scope, params: JsonObject): Target {
  const { backend, params: named, label } = findUri(view, scope, params);
  return { backend, params: named, label, tool: undefined };
}

/** For `params` or a reference in them: the owner, and the same under the owner's own URI. */
function findUri(view: View, scope: Scope, params: JsonObject): Omit<Target, "tool"> {
  const uri = requireText(params, "uri");
  const owner = ownerOf(view, scope, uri);
  if (owner === undefined) throw notFound("resource", uri);
  return {
    backend: owner.backend,
    params: owner.uri === uri ? params : { ...params, uri: owner.uri },
    label: schemeOf(uri),
  };
}

function findCompletion(view: View, scope: Scope, params: JsonObject): Target {
  const ref = params["ref"];
  if (!isJsonObject(ref))
    throw new GatewayError("invalid_params", "Cannot complete: params.ref is missing");
  if (ref["type"] === "ref/prompt") {
    const { backend, params: named, label } = findPrompt(view, ref);
    return { backend, params: { ...params, ref: named }, label, tool: undefined };
  }
  if (ref["type"] !== "ref/resource") {
    throw new GatewayError(
      "invalid_params",
      'Cannot complete: params.ref.type is not "ref/prompt" or "ref/resource"',
    );
  }
  const { backend, params: named, label } = findUri(view, scope, ref);
  return { backend, params: { ...params, ref: named }, label, tool: undefined };
}

type Owner = Readonly<{ backend: BackendName; uri: string }>;

/** Under `/mcp/{backend}` the backend itself knows best which of its URIs exist. */
function ownerOf({ catalog, listing }: View, scope: Scope, uri: string): Owner | undefined {
  if (scope.kind === "one") {
    if (listing === undefined) throw unknownBackend(scope.backend);
    return catalog.whole.has(scope.backend) ? { backend: scope.backend, uri } : undefined;
  }
  if (isUiUri(uri)) {
    const own = fromExposedUri(uri);
    const backend = [...catalog.whole].find((name) => name === own?.backend);
    return own === undefined || backend === undefined ? undefined : { backend, uri: own.uri };
  }
  const backend = findResourceOwner(catalog, uri);
  return backend === undefined ? undefined : { backend, uri };
}

function rename(params: JsonObject, from: string, to: string): JsonObject {
  return from === to ? params : { ...params, name: to };
}

function requireText(params: JsonObject, key: string): string {
  const value = params[key];
  if (typeof value === "string") return value;
  throw new GatewayError("invalid_params", `Cannot answer: "${key}" is missing or not a string`);
}

function notFound(kind: "tool" | "prompt" | "resource", name: string): GatewayError {
  const shown = name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
  return new GatewayError("not_found", `Unknown ${kind}: ${JSON.stringify(shown)}`);
}

function schemeOf(uri: string): string {
  return /^[a-z][a-z0-9+.-]{0,30}:/i.exec(uri)?.[0] ?? "";
}
