import JSON5 from "json5";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { GatewayError } from "../core/errors.ts";
import { parseBackendEntry } from "./backend-entry.ts";
import { configProblem } from "./config-problem.ts";
import type { BackendConfig, GatewayConfig } from "./gateway-config.ts";
import { entryPath, nameEntries } from "./backend-name.ts";
import { parseGatewayPart } from "./parse-gateway-part.ts";
import { parseLlm } from "./parse-llm.ts";
import { parsePolicy } from "./parse-policy.ts";
import { policyWarnings } from "./policy-warnings.ts";
import { parseSignIn } from "./parse-sign-in.ts";

/** The whole document: larger ones are a mistake, and a stored version is one object row of 2 MB. */
export const CONFIG_LIMIT_BYTES = 512 * 1024;
/** Each backend has its own object and its own place in every snapshot. */
const MAX_BACKENDS = 500;

export type ParsedConfig = Readonly<{ config: GatewayConfig; warnings: readonly string[] }>;

/** Served when nobody configured anything: the first tool call works offline. */
export const DEFAULT_DOCUMENT: JsonObject = { mcpServers: { time: { builtin: "time" } } };

const OWN_PARTS: ReadonlySet<string> = new Set(["llm", "gateway", "policy", "signIn", "$schema"]);

/** Text as people write it: comments and trailing commas are fine. Throws `config_invalid`. */
export function parseDocumentText(text: string): JsonObject {
  if (text.length > CONFIG_LIMIT_BYTES) {
    throw new GatewayError(
      "config_invalid",
      `document: ${text.length} characters, wanted at most ${CONFIG_LIMIT_BYTES}`,
    );
  }
  let document: unknown;
  try {
    document = JSON5.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^JSON5: /, "") : "";
    throw new GatewayError("config_invalid", `document: not JSON: ${reason}`, { cause: error });
  }
  if (!isJsonObject(document)) {
    throw configProblem("document", document, 'an object with "mcpServers"');
  }
  return document;
}

/**
 * The `mcpServers` file of Claude Desktop and its relatives, plus our own parts `llm` and
 * `gateway`. Unknown keys in other people's parts are warnings; in ours they are errors.
 */
export function parseConfig(document: JsonObject): ParsedConfig {
  const warnings: string[] = [];
  // VS Code's mcp.json calls the same thing "servers".
  const key =
    document["mcpServers"] === undefined && document["servers"] !== undefined
      ? "servers"
      : "mcpServers";
  const servers = document[key];
  if (!isJsonObject(servers)) {
    throw configProblem("mcpServers", servers, "an object of backends by name");
  }
  const names = Object.keys(servers);
  if (names.length > MAX_BACKENDS) {
    throw configProblem("mcpServers", names.length, `at most ${MAX_BACKENDS} backends`);
  }
  const backends: BackendConfig[] = [];
  const entries = nameEntries(key, names);
  for (const [written, { name, alias }] of entries) {
    const path = entryPath(key, written);
    const entry = parseBackendEntry({
      path,
      name,
      entry: servers[written],
      warn: (warning) => warnings.push(warning),
    });
    if (entry === undefined) continue;
    if (alias !== undefined)
      warnings.push(`${path}: called "${name}" here, and as written in REST`);
    backends.push(alias === undefined ? entry : { ...entry, alias });
  }
  for (const other of Object.keys(document)) {
    if (other === key || OWN_PARTS.has(other)) continue;
    warnings.push(`${other}: not used by the gateway`);
  }
  const policy = parsePolicy(document["policy"]);
  const signIn = parseSignIn(document["signIn"]);
  const allNames = [...entries.values()].map(({ name }) => name);
  warnings.push(...policyWarnings({ policy, signIn }, allNames));
  return {
    config: {
      backends: backends.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ...parseGatewayPart(document["gateway"], entries),
      llm: parseLlm(document["llm"]),
      policy,
      signIn,
    },
    warnings,
  };
}
