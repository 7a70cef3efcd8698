import { apiKeyProblem, headerProblem } from "../core/target-rules.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { parseGatewayAddress } from "../shell/gateway-address.ts";
import { toLogLevel } from "../shell/log-level.ts";
import type { StdioOptions } from "./stdio-line.ts";
import { oneLine } from "../shell/terminal.ts";

export type StdioSettings = Readonly<{
  /** `…/mcp` of the gateway, or `…/mcp/{backend}`. */
  endpoint: URL;
  key: string | undefined;
  /** Which model the tools of the built-in server `llm` use where a call names none. */
  defaultModel: string | undefined;
  /** How long a request may go without a message; undefined: as long as the gateway is there. */
  timeoutMs: number | undefined;
  maxRetries: number;
  logLevel: "debug" | "info" | "warn" | "error";
}>;

const DEFAULT_RETRIES = 3;
const MAX_RETRIES = 10;
/** A day: what is longer is a number in another unit. */
const MAX_TIMEOUT_S = 86_400;

type Environment = Readonly<Record<string, string | undefined>>;
/** Where a value stands, and the value. */
type Named = Readonly<{ name: string; text: string }>;

/** Flags win over variables. Throws `CommandFailure` with the variable, its value and what is wanted. */
export function readStdioSettings(options: StdioOptions, env: Environment): StdioSettings {
  const read = (flag: string, given: string | undefined, variable: string): Named | undefined => {
    if (given !== undefined) return { name: flag, text: given };
    const text = env[variable]?.trim();
    // Containers hand on variables that nobody has set.
    return text === undefined || text === "" ? undefined : { name: variable, text };
  };
  return {
    endpoint: toEndpoint(read("--gateway", options.gateway, "GATEWAY_URL"), options.backend),
    key: toKey(read("--key", options.key, "GATEWAY_API_KEY")),
    defaultModel: toModel(read("--default-model", options.defaultModel, "DEFAULT_MODEL")),
    timeoutMs: toTimeout(read("--timeout", options.timeout, "TIMEOUT")),
    maxRetries: toRetries(read("--max-retries", options.maxRetries, "MAX_RETRIES")),
    logLevel: toLevel(read("--log-level", options.logLevel, "LOG_LEVEL")),
  };
}

function toEndpoint(given: Named | undefined, backend: string | undefined): URL {
  if (given === undefined) {
    throw new CommandFailure("Cannot start: no gateway, set GATEWAY_URL or give --gateway");
  }
  const address = parseGatewayAddress(given.name, given.text);
  const name = backend ?? address.backend;
  if (name !== undefined && !/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw wrong({ name: "--backend", text: name }, 'the name of a backend: a-z, 0-9 and "-"');
  }
  return new URL(`${address.base}/mcp${name === undefined ? "" : `/${name}`}`);
}

/** The value is a secret, so an error does not show it. */
function toKey(given: Named | undefined): string | undefined {
  const problem = given === undefined ? undefined : apiKeyProblem(given.text);
  if (problem === undefined) return given?.text;
  throw new CommandFailure(`${given?.name}: wanted ${problem}`);
}

function toModel(given: Named | undefined): string | undefined {
  if (given === undefined || headerProblem("x-gateway-default-model", given.text) === undefined) {
    return given?.text;
  }
  throw wrong(given, "the id of a model, an alias or a tag");
}

function toTimeout(given: Named | undefined): number | undefined {
  if (given === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(given.text) ? Number(given.text) : 0;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_S) return seconds * 1_000;
  throw wrong(given, `seconds, at most ${MAX_TIMEOUT_S}`);
}

function toRetries(given: Named | undefined): number {
  if (given === undefined) return DEFAULT_RETRIES;
  const retries = /^\d{1,3}$/.test(given.text) ? Number(given.text) : Number.NaN;
  if (retries <= MAX_RETRIES) return retries;
  throw wrong(given, `a number from 0 to ${MAX_RETRIES}`);
}

function toLevel(given: Named | undefined): StdioSettings["logLevel"] {
  if (given === undefined) return "info";
  const level = toLogLevel(given.text);
  if (level !== undefined) return level;
  throw wrong(given, "debug, info, warn or error");
}

function wrong({ name, text }: Named, wanted: string): CommandFailure {
  return new CommandFailure(`${name}: ${JSON.stringify(oneLine(text))}, wanted ${wanted}`);
}
