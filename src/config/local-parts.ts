import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What only the machine that starts the server needs to know, secrets in `env` and `args` included. */
const LOCAL_KEYS: ReadonlySet<string> = new Set(["command", "args", "env", "cwd", "envFile"]);

export type WithoutLocalParts = Readonly<{
  document: JsonObject;
  /** Entries whose server the connector has to start. */
  started: readonly string[];
}>;

/**
 * The document as it may be kept: what starts a local server stays in the local file, and an entry
 * says only that a connector brings it. So whoever takes over the gateway finds no secret of such a
 * server, and nothing he writes into the config can ever become a command somewhere.
 */
export function withoutLocalParts(document: JsonObject): WithoutLocalParts {
  const started: string[] = [];
  const kept = Object.entries(document).map(([key, part]) => {
    if ((key !== "mcpServers" && key !== "servers") || !isJsonObject(part)) return [key, part];
    const entries = Object.entries(part).map(([name, entry]) => {
      if (!isJsonObject(entry)) return [name, entry];
      const rest = Object.entries(entry).filter(([field]) => !LOCAL_KEYS.has(field));
      if (!isStarted(entry)) return [name, Object.fromEntries(rest)];
      started.push(name);
      return [name, { ...Object.fromEntries(rest), connector: true }];
    });
    return [key, Object.fromEntries(entries)];
  });
  return { document: Object.fromEntries(kept), started };
}

/** In the order in which `backend-entry.ts` looks at an entry. */
function isStarted(entry: JsonObject): boolean {
  const isElsewhere = ["builtin", "url", "serverUrl"].some((key) => entry[key] !== undefined);
  return !isElsewhere && entry["command"] !== undefined;
}
