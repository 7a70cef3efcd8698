import { nameEntries, parseBackendName } from "../config/backend-name.ts";
import { parseConfig, parseDocumentText } from "../config/config-document.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { withoutLocalParts } from "../config/local-parts.ts";
import { secretNames } from "../config/secrets.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What somebody pasted, understood. */
export type Pasted = Readonly<{
  entries: ReadonlyMap<string, JsonObject>;
  /** Without those that are switched off. */
  backends: readonly BackendConfig[];
  warnings: readonly string[];
  /** `${NAME}`s that have to be set as secrets of the Worker. */
  references: readonly string[];
  /** Local servers: what starts them is not kept here. */
  started: readonly string[];
}>;

/** What makes an object an entry rather than a file of them. */
const ENTRY_KEYS = ["url", "serverUrl", "command", "builtin", "connector"];

/**
 * A whole file, some of its entries, one entry alone or an address: what people have in their
 * clipboard. `name` is for what comes without one. Throws `config_invalid`.
 */
export function readPasted(text: string, name: string): Pasted {
  const given = text.trim();
  if (given === "") throw new GatewayError("config_invalid", "Paste an address or some JSON");
  const document = toDocument(given, name.trim());
  const { config, warnings } = parseConfig(document);
  const { document: kept, started } = withoutLocalParts(document);
  const servers = kept["mcpServers"];
  if (!isJsonObject(servers)) throw new TypeError("a document of entries has entries");
  const entries = new Map<string, JsonObject>();
  for (const [written, { name: legal }] of nameEntries("mcpServers", Object.keys(servers))) {
    const entry = servers[written];
    if (isJsonObject(entry)) entries.set(legal, entry);
  }
  if (entries.size === 0) throw new GatewayError("config_invalid", "There is no server in this");
  return {
    entries,
    backends: config.backends,
    warnings,
    references: secretNames(JSON.stringify(servers)),
    started,
  };
}

/** Only the servers: other parts of a file are other people's, or belong on other pages. */
function toDocument(text: string, name: string): JsonObject {
  if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text)) {
    return named(name === "" ? suggestName(text) : name, { url: text });
  }
  if (!text.includes("{")) {
    const wanted = "neither an address like https://host/mcp nor JSON";
    throw new GatewayError("config_invalid", `Cannot read what was pasted: it is ${wanted}`);
  }
  // `"erp": { … }`, cut out of a file.
  const whole = /^["'\w]/.test(text) ? `{${text.replace(/,\s*$/, "")}}` : text;
  const document = parseDocumentText(whole);
  const servers = document["mcpServers"] ?? document["servers"];
  if (isJsonObject(servers)) return { mcpServers: servers };
  if (!ENTRY_KEYS.some((key) => document[key] !== undefined)) return { mcpServers: document };
  const { url, serverUrl, command } = document;
  const place = [url, serverUrl, command].find((one) => typeof one === "string");
  return named(name === "" ? suggestName(place ?? "") : name, document);
}

function named(name: string, entry: JsonObject): JsonObject {
  // A name that is not legal is refused here, because who typed it can type another.
  return { mcpServers: { [parseBackendName(name)]: entry } };
}

/** Says nothing of who it is. */
const COMMON = new Set(["mcp", "api", "www", "app", "server", "remote", "localhost", "npx", "uvx"]);

/** A name from an address or a command: `https://mcp.wave.example.com/mcp` → `wave`. */
export function suggestName(place: string): string {
  const host = URL.parse(place)?.hostname;
  const words = (host ?? place.split(/[/\\]/).at(-1) ?? "")
    .toLowerCase()
    .split(".")
    .slice(0, host?.includes(".") === true ? -1 : undefined);
  const word = words.find((part) => /^[a-z]/.test(part) && !COMMON.has(part)) ?? "";
  const legal = word.replaceAll(/[^a-z0-9-]+/g, "-").slice(0, 31);
  return /^[a-z]/.test(legal) ? legal.replace(/-+$/, "") : "server";
}
