import { parseConfig } from "../config/config-document.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { isOnlyReferences, secretNames, USER_KEY } from "../config/secrets.ts";
import { asGatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { MASK, maskUrl, redactText } from "../core/redact.ts";
import type { Machine } from "./client-configs.ts";

/** A secret that stands in an entry as it is, and the name under which it could be kept instead. */
export type PlainSecret = Readonly<{ path: string; name: string }>;

export type ImportedEntry =
  | Readonly<{
      kind: "entry";
      entry: JsonObject;
      backend: BackendConfig;
      /** Where it is or what starts it, without anything secret. */
      shown: string;
      secrets: readonly PlainSecret[];
      /** `${NAME}`s that need a value here. */
      references: readonly string[];
      /** What of the other program's means nothing here. */
      leftOut: readonly string[];
    }>
  | Readonly<{ kind: "skipped"; reason: string }>;

/** What every client means the same by; times and permissions of one are not those of another. */
const TAKEN: ReadonlySet<string> = new Set([
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
  "disabledTools",
  "disabled_tools",
  "enabled",
  "disabled",
]);
const OURSELVES = /^(mcp-edge-gateway|mcp-gateway)(@|$)/;
const SECRET_KEY = /key|token|secret|passw|auth|credential|cookie/i;
const FOREIGN = /\$\{[^}]*\}/g;

/** An entry of another program's file as one of ours. It is only read: nothing it names is opened. */
export function importEntry(
  written: string,
  given: unknown,
  { folder, machine }: Readonly<{ folder: string | undefined; machine: Machine }>,
): ImportedEntry {
  if (!isJsonObject(given)) return { kind: "skipped", reason: "it is not an object" };
  const translate = (text: string): string => translateReferences(text, { folder, machine });
  const kept = Object.entries(given).filter(([key]) => TAKEN.has(key));
  const entry = mapTexts(Object.fromEntries(kept), translate);
  if (isJsonObject(entry) && startsUs(entry)) {
    return { kind: "skipped", reason: "it is this gateway" };
  }
  if (!isJsonObject(entry)) return { kind: "skipped", reason: "it is not an object" };
  let backend: BackendConfig | undefined;
  try {
    [backend] = parseConfig({ mcpServers: { [written]: entry } }).config.backends;
  } catch (error) {
    return { kind: "skipped", reason: withoutValue(asGatewayError(error).message) };
  }
  if (backend === undefined) return { kind: "skipped", reason: "it is switched off there" };
  const text = JSON.stringify(entry);
  return {
    kind: "entry",
    entry,
    backend,
    shown: show(backend, entry),
    secrets: findSecrets(backend.name, entry),
    references: secretNames(text),
    leftOut: [...Object.keys(given).filter((key) => !TAKEN.has(key)), ...foreignReferences(text)],
  };
}

/** `${env:NAME}` and `${input:name}` are `${NAME}` here; folders are known now or never. */
function translateReferences(
  text: string,
  { folder, machine }: Readonly<{ folder: string | undefined; machine: Machine }>,
): string {
  return text
    .replaceAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]{0,63})\}/g, "${$1}")
    .replaceAll(/\$\{input:([^}]{1,64})\}/g, (_whole, id: string) => `\${${toName(id)}}`)
    .replaceAll("${userHome}", () => machine.home)
    .replaceAll("${workspaceFolder}", (whole) => folder ?? whole);
}

function foreignReferences(text: string): readonly string[] {
  const ours = new Set([USER_KEY, ...secretNames(text)].map((name) => `\${${name}}`));
  return [...new Set(text.match(FOREIGN) ?? [])].filter((reference) => !ours.has(reference));
}

function startsUs({ command, args }: JsonObject): boolean {
  const words = [command, ...(Array.isArray(args) ? args : [])];
  return words.some(
    (word) => typeof word === "string" && OURSELVES.test(word.split(/[/\\]/).at(-1) ?? ""),
  );
}

function show({ transport }: BackendConfig, { command }: JsonObject): string {
  if (transport.kind === "streamable-http" || transport.kind === "sse") {
    return maskUrl(transport.url);
  }
  const program = typeof command === "string" ? command.split(/[/\\]/).at(-1) : undefined;
  return program === undefined ? "" : `${program} …`;
}

function findSecrets(name: string, entry: JsonObject): readonly PlainSecret[] {
  const found: PlainSecret[] = [];
  for (const group of ["env", "headers"]) {
    const values = entry[group];
    if (!isJsonObject(values)) continue;
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== "string" || !isSecret(key, value)) continue;
      found.push({ path: `${group}.${key}`, name: nameFor(name, key) });
    }
  }
  const url = entry["url"] ?? entry["serverUrl"];
  if (typeof url === "string" && maskUrl(url).includes(MASK)) {
    found.push({ path: "url", name: nameFor(name, "url") });
  }
  return found;
}

function isSecret(key: string, value: string): boolean {
  if (value === "" || isOnlyReferences(value)) return false;
  return SECRET_KEY.test(key) || redactText(value, value.length).includes(MASK);
}

/** `ERP_API_KEY`: two servers may each have an `API_KEY`. */
function nameFor(backend: string, key: string): string {
  const [prefix, name] = [toName(backend), toName(key)];
  return name.startsWith(`${prefix}_`) ? name : `${prefix}_${name}`;
}

function toName(text: string): string {
  const name = text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  return (/^[A-Z_]/.test(name) ? name : `_${name}`).slice(0, 64);
}

/** The value that is wrong may be a secret, or hold one. */
function withoutValue(message: string): string {
  return message.replace(/^([^:]*): .*, (wanted .*)$/s, "$1: $2");
}

function mapTexts(value: JsonValue | undefined, map: (text: string) => string): JsonValue {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item: JsonValue) => mapTexts(item, map));
  if (!isJsonObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, map)]),
  );
}
