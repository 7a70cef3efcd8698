import { isJsonObject, type JsonObject } from "../core/json.ts";
import { PASSED_EXTENSIONS } from "./passed-extensions.ts";

/**
 * What a client is told it can do, from what the backends behind it said of themselves: nothing that
 * nobody there offers. Every list may change, with the config if not by the backend.
 */
export function passedCapabilities(backends: readonly JsonObject[]): JsonObject {
  const offered = (name: string): boolean =>
    backends.some((capabilities) => isJsonObject(capabilities[name]));
  const subscribable = backends.some(
    ({ resources }) => isJsonObject(resources) && resources["subscribe"] === true,
  );
  const extensions = passedExtensions(backends);
  return {
    ...(offered("tools") ? { tools: { listChanged: true } } : {}),
    ...(offered("prompts") ? { prompts: { listChanged: true } } : {}),
    ...(offered("resources")
      ? { resources: { ...(subscribable ? { subscribe: true } : {}), listChanged: true } }
      : {}),
    ...(offered("completions") ? { completions: {} } : {}),
    ...(offered("logging") ? { logging: {} } : {}),
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  };
}

/** With the settings where all who have the extension agree; one backend's do not bind another. */
function passedExtensions(backends: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(
    PASSED_EXTENSIONS.flatMap((name) => {
      const settings = backends.flatMap(({ extensions }) => {
        const own = isJsonObject(extensions) ? extensions[name] : undefined;
        return isJsonObject(own) ? [own] : [];
      });
      const [first] = settings;
      if (first === undefined) return [];
      const agreed = new Set(settings.map((own) => JSON.stringify(own))).size === 1;
      return [[name, agreed ? first : {}] as const];
    }),
  );
}
