import { PASSED_EXTENSIONS, TASKS_EXTENSION } from "../catalog/passed-extensions.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { META } from "../core/protocol-versions.ts";

/** What of a declared capability means something on the way to a backend; the rest is left out. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  elicitation: ["form", "url"],
  sampling: ["tools", "context"],
  roots: ["listChanged"],
};
/** An extension's settings are the client's own words and travel with every request. */
const MAX_SETTINGS_LENGTH = 4_096;

/** What a modern request says its client can do (2026-07-28, basic). */
export function declaredCapabilities({ params }: RpcRequest): JsonObject {
  const meta = params?.["_meta"];
  const declared = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  return isJsonObject(declared) ? declared : {};
}

/** What of a client's capabilities a backend may know, in one form for equal capabilities. */
export function passableCapabilities(declared: JsonObject): JsonObject {
  const passable: Record<string, JsonValue> = {};
  for (const [name, members] of Object.entries(MEMBERS)) {
    const capability = declared[name];
    if (!isJsonObject(capability)) continue;
    passable[name] = Object.fromEntries(
      members
        .filter((member) => capability[member] !== undefined && capability[member] !== false)
        .map((member) => [member, capability[member] === true ? true : {}]),
    );
  }
  const extensions = passableExtensions(declared["extensions"]);
  if (extensions.length > 0) passable["extensions"] = Object.fromEntries(extensions);
  return passable;
}

/** For a call that waits here itself: a task of the backend would take it out of our hands. */
export function withoutTasks(capabilities: JsonObject): JsonObject {
  const { extensions, ...rest } = capabilities;
  if (!isJsonObject(extensions) || extensions[TASKS_EXTENSION] === undefined) return capabilities;
  const { [TASKS_EXTENSION]: _, ...others } = extensions;
  return Object.keys(others).length === 0 ? rest : { ...rest, extensions: others };
}

function passableExtensions(declared: JsonValue | undefined): readonly [string, JsonValue][] {
  if (!isJsonObject(declared)) return [];
  return PASSED_EXTENSIONS.flatMap((name): [string, JsonValue][] => {
    const settings = declared[name];
    if (!isJsonObject(settings)) return [];
    return JSON.stringify(settings).length > MAX_SETTINGS_LENGTH ? [] : [[name, settings]];
  });
}
