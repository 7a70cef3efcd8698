import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { targetUrlProblem } from "../core/target-rules.ts";
import { configProblem, maskForError, quoted } from "./config-problem.ts";
import { parseBackendOAuth } from "./backend-oauth.ts";
import {
  BUILTIN_NAMES,
  type BackendConfig,
  type BackendTransport,
  type BuiltinName,
  TRUSTS,
} from "./gateway-config.ts";
import { parseLimits } from "./limits-config.ts";
import { parseForwarding } from "./parse-forwarding.ts";
import { parseHeaders } from "./parse-headers.ts";
import { parseStdioEntry } from "./stdio-entry.ts";

/** Claude.ai gives up a tool call near 60 s: the caller should hear it from us, with a reason. */
const DEFAULT_TIMEOUT_SECONDS = 55;
const MAX_TIMEOUT_SECONDS = 3_600;
/** Well before any known client gives up. */
const DEFAULT_DETACH_SECONDS = 20;
/** Later than this, clients and proxies have given up the request already. */
const MAX_DETACH_SECONDS = 300;

type RemoteKind = "streamable-http" | "sse";

/** What clients call the two transports, in small letters, and which it is. */
const REMOTE_TYPES: ReadonlyMap<string, RemoteKind> = new Map([
  ["http", "streamable-http"],
  ["streamable-http", "streamable-http"],
  ["streamable_http", "streamable-http"],
  ["streamablehttp", "streamable-http"],
  ["sse", "sse"],
]);
export const REMOTE_TYPE_NAMES: readonly string[] = [...REMOTE_TYPES.keys()];

/** The transport that a `type` means, in any case; undefined for what is none. */
export function toRemoteKind(type: unknown): RemoteKind | undefined {
  return typeof type === "string" ? REMOTE_TYPES.get(type.toLowerCase()) : undefined;
}

/** The key that wins over a command in the same entry. */
const BESIDE = { "streamable-http": '"url"', sse: '"url"', builtin: '"builtin"' } as const;
/** An entry whose server a connector brings, without the command that only its machine knows. */
const CONNECTOR_TYPE = "connector";

/** Every key some client's format knows; others get a warning, so a typo is seen. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  "type",
  "transport",
  "url",
  "serverUrl",
  "headers",
  "command",
  "args",
  "env",
  "cwd",
  "envFile",
  "builtin",
  "connector",
  "whenOffline",
  "disabledTools",
  "disabled_tools",
  "timeout",
  "session",
  "instructions",
  "detach",
  "client_header_forwarding",
  "clientHeaderForwarding",
  "enabled",
  "disabled",
  "description",
  "name",
  "oauth",
  "credentials",
  "limits",
  "trust",
]);

export type EntryToParse = Readonly<{
  path: string;
  name: BackendName;
  entry: unknown;
  warn: (warning: string) => void;
}>;

/** One entry of `mcpServers`; undefined when it is switched off. Throws `config_invalid`. */
export function parseBackendEntry({
  path,
  name,
  entry,
  warn,
}: EntryToParse): BackendConfig | undefined {
  if (!isJsonObject(entry)) throw configProblem(path, entry, "an object");
  for (const key of Object.keys(entry)) {
    if (!KNOWN_KEYS.has(key)) warn(`${path}.${key}: not used by the gateway`);
  }
  const transport = parseTransport(path, entry);
  if (transport.kind !== "stdio" && entry["command"] !== undefined) {
    warn(`${path}.command: not used, ${BESIDE[transport.kind]} is the server`);
  }
  const enabled = readBoolean(path, entry, "enabled") ?? true;
  if (!enabled || readBoolean(path, entry, "disabled") === true) return undefined;
  return {
    name,
    transport,
    disabledTools:
      readStrings(path, entry, "disabledTools") ?? readStrings(path, entry, "disabled_tools") ?? [],
    timeoutMs: readTimeout(path, entry) * 1_000,
    ...readDetach(path, entry),
    // One process has one session, whoever calls.
    session: transport.kind === "stdio" ? "shared" : readSession(path, entry),
    ...readAccess(path, entry, { transport, warn }),
    ...readWhenOffline(path, entry),
    ...readInstructions(path, entry),
    ...parseForwarding({ path, entry, warn }, transport),
  };
}

function parseTransport(path: string, entry: JsonObject): BackendTransport {
  if (entry["builtin"] !== undefined) {
    const builtin = BUILTIN_NAMES.find((known) => known === entry["builtin"]);
    if (builtin === undefined) {
      throw configProblem(`${path}.builtin`, entry["builtin"], quoted(BUILTIN_NAMES));
    }
    return { kind: "builtin", builtin: builtin satisfies BuiltinName };
  }
  const urlKey =
    entry["url"] === undefined && entry["serverUrl"] !== undefined ? "serverUrl" : "url";
  const url = entry[urlKey];
  const type = entry["type"] ?? entry["transport"];
  if (url !== undefined) return parseRemote(path, entry, { urlKey, url, type });
  if (toRemoteKind(type) !== undefined) {
    throw configProblem(`${path}.url`, undefined, "the address of the MCP server");
  }
  if (readBoolean(path, entry, "connector") === true || type === CONNECTOR_TYPE) {
    return { kind: "stdio" };
  }
  if (entry["command"] !== undefined) {
    parseStdioEntry(path, entry);
    return { kind: "stdio" };
  }
  throw configProblem(path, entry, 'one of "url", "command", "connector" or "builtin"');
}

function parseRemote(
  path: string,
  entry: JsonObject,
  { urlKey, url, type }: { urlKey: string; url: unknown; type: unknown },
): BackendTransport {
  if (typeof url !== "string") throw configProblem(`${path}.${urlKey}`, url, "a URL");
  const problem = targetUrlProblem(url);
  if (problem !== undefined) throw configProblem(`${path}.${urlKey}`, maskForError(url), problem);
  // Without a type the path tells: the old transport is served at …/sse by custom.
  const guessed = /\/sse\/?$/.test(url.split(/[?#]/)[0] ?? "") ? "sse" : "streamable-http";
  const kind = type === undefined ? guessed : toRemoteKind(type);
  if (kind === undefined) {
    throw configProblem(`${path}.type`, type, quoted(REMOTE_TYPE_NAMES));
  }
  return { kind, url, headers: parseHeaders(`${path}.headers`, entry["headers"]) };
}

function readStrings(path: string, entry: JsonObject, key: string): readonly string[] | undefined {
  const value = entry[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === "string")) {
    throw configProblem(`${path}.${key}`, value, "a list of strings");
  }
  return value;
}

function readBoolean(path: string, entry: JsonObject, key: string): boolean | undefined {
  const value = entry[key];
  if (value === undefined || typeof value === "boolean") return value;
  throw configProblem(`${path}.${key}`, value, "true or false");
}

/** `true`, or after how many seconds. */
function readDetach(path: string, entry: JsonObject): Pick<BackendConfig, "detachAfterMs"> {
  const value = entry["detach"];
  if (value === undefined || value === false) return {};
  const seconds = value === true ? DEFAULT_DETACH_SECONDS : value;
  if (typeof seconds === "number" && seconds >= 0 && seconds <= MAX_DETACH_SECONDS) {
    return { detachAfterMs: seconds * 1_000 };
  }
  throw configProblem(
    `${path}.detach`,
    value,
    `true, false or seconds from 0 to ${MAX_DETACH_SECONDS}`,
  );
}

function readTimeout(path: string, entry: JsonObject): number {
  const value = entry["timeout"];
  // A call that goes on in the background keeps nobody waiting.
  const isDetached = entry["detach"] !== undefined && entry["detach"] !== false;
  if (value === undefined) return isDetached ? MAX_TIMEOUT_SECONDS : DEFAULT_TIMEOUT_SECONDS;
  if (typeof value === "number" && value >= 1 && value <= MAX_TIMEOUT_SECONDS) return value;
  throw configProblem(`${path}.timeout`, value, `seconds from 1 to ${MAX_TIMEOUT_SECONDS}`);
}

/** Whose credentials, which sign-in, how much of it at once, and how far its tools are trusted. */
function readAccess(
  path: string,
  entry: JsonObject,
  {
    transport: { kind },
    warn,
  }: Pick<EntryToParse, "warn"> & Readonly<{ transport: BackendTransport }>,
): Pick<BackendConfig, "credentials" | "oauth" | "limits" | "trust"> {
  const isRemote = kind === "streamable-http" || kind === "sse";
  const credentials = readChoice(path, entry, "credentials", ["shared", "per-user"]);
  const oauth = parseBackendOAuth(`${path}.oauth`, entry["oauth"], warn);
  if (!isRemote && (credentials === "per-user" || oauth !== undefined)) {
    const key = oauth === undefined ? "credentials" : "oauth";
    throw configProblem(
      `${path}.${key}`,
      entry[key],
      'nothing: only a server with "url" has logins',
    );
  }
  const trust = readChoice(path, entry, "trust", TRUSTS);
  const limits = entry["limits"];
  return {
    ...(credentials === "per-user" ? { credentials } : {}),
    ...(oauth === undefined ? {} : { oauth }),
    ...(limits === undefined ? {} : { limits: parseLimits(`${path}.limits`, limits) }),
    ...(trust === undefined ? {} : { trust }),
  };
}

function readChoice<Choice extends string>(
  path: string,
  entry: JsonObject,
  key: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = entry[key];
  if (value === undefined) return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw configProblem(`${path}.${key}`, value, quoted(choices));
  return chosen;
}

function readSession(path: string, entry: JsonObject): "per-user" | "shared" {
  return readChoice(path, entry, "session", ["per-user", "shared"]) ?? "per-user";
}

/** What callers see of a server whose connector has been gone for a while: nothing, or all of it. */
function readWhenOffline(path: string, entry: JsonObject): Pick<BackendConfig, "whenOffline"> {
  const value = entry["whenOffline"];
  if (value === undefined || value === "hide") return {};
  if (value === "keep") return { whenOffline: "keep" };
  throw configProblem(`${path}.whenOffline`, value, '"hide" or "keep"');
}

function readInstructions(path: string, entry: JsonObject): Pick<BackendConfig, "instructions"> {
  const value = entry["instructions"];
  if (value === undefined) return {};
  if (value === false || typeof value === "string") return { instructions: value };
  throw configProblem(`${path}.instructions`, value, "false or a text");
}
