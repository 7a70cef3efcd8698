import type { JsonObject } from "../core/json.ts";
import { apiKeyProblem } from "../core/target-rules.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { readEnvFlags } from "../shell/environment-flags.ts";
import { LOG_LEVELS, toLogLevel } from "../shell/log-level.ts";
import { readServer, type OneServer } from "./one-server.ts";
import { OPENAPI_FLAGS, readOpenapiFlags } from "./openapi-flags.ts";
import { readFlags, readPublicUrl, readText } from "../shell/read-flags.ts";

const DEFAULT_PORT = 8787;
const DEFAULT_HOST = "127.0.0.1";

export type ServeOptions = Readonly<{
  kind: "start" | "dev";
  port: number;
  host: string;
  config: string | undefined;
  apiKey: string | undefined;
  ownerPassword: string | undefined;
  state: string | undefined;
  publicUrl: string | undefined;
  /** What comes after `--`: the one server to serve instead of a config file. */
  server: OneServer | undefined;
  /** Over `gateway.openapi` of the document. */
  openapi: JsonObject;
  env: Readonly<Record<string, string>>;
  envPath: string | undefined;
  logLevel: ReturnType<typeof toLogLevel>;
  /** One line each for flags that say what holds anyway. */
  notes: readonly string[];
}>;

const SERVE = {
  ...OPENAPI_FLAGS,
  help: { type: "boolean" },
  config: { type: "string", short: "c" },
  "public-url": { type: "string" },
  port: { type: "string", short: "p" },
  host: { type: "string" },
  "api-key": { type: "string", short: "k" },
  "owner-password": { type: "string" },
  state: { type: "string" },
  env: { type: "string", short: "e", multiple: true },
  "env-path": { type: "string" },
  type: { type: "string" },
  "server-type": { type: "string" },
  header: { type: "string", short: "H" },
  "hot-reload": { type: "boolean" },
  "log-level": { type: "string" },
} as const;

const NO_TLS =
  "put a proxy or a tunnel that has the certificate in front and name it in --public-url, or deploy to the edge";
const INSTEAD: ReadonlyMap<string, string> = new Map(
  ["ssl-certfile", "t", "ssl-keyfile", "K"].map((flag) => [flag, NO_TLS]),
);

export type ServeLine =
  | ServeOptions
  | Readonly<{ kind: "help"; about: "start" | "dev" }>
  | Readonly<{ kind: "version" }>;

/** The line of `start` and `dev`: our flags, and all of mcpo's. Throws `CommandFailure`. */
export function parseServe(kind: "start" | "dev", argv: readonly string[]): ServeLine {
  const { values, after } = readFlags({
    command: kind,
    argv: settleShared(argv),
    options: SERVE,
    instead: INSTEAD,
  });
  if (values.help === true) return { kind: "help", about: kind };
  if (values.version === "") return { kind: "version" };
  return {
    kind,
    port: readPort(values.port),
    host: readText("--host", values.host) ?? DEFAULT_HOST,
    config: readText("--config", values.config),
    apiKey: readApiKey(values["api-key"]),
    ownerPassword: readText("--owner-password", values["owner-password"]),
    state: readText("--state", values.state),
    publicUrl: readPublicUrl(values["public-url"]),
    server: readServer(after, values),
    openapi: readOpenapiFlags(values),
    env: readEnvFlags(values.env ?? []),
    envPath: readText("--env-path", values["env-path"]),
    logLevel: readLogLevel(values["log-level"]),
    notes: [
      ...(values["strict-auth"] === true ? ["--strict-auth: always so, documents included"] : []),
      ...(values["hot-reload"] === true ? ["--hot-reload: always so, with --config"] : []),
    ],
  };
}

/**
 * `-h` is mcpo's host and everybody's help, `--version` its version of the document and everybody's
 * question for ours: what follows decides. A version that is asked for is an empty one.
 */
function settleShared(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const settled = own.map((word, index) => {
    const hasValue = own[index + 1]?.startsWith("-") === false;
    if (word === "-h") return hasValue ? "--host" : "--help";
    return (word === "--version" || word === "-v") && !hasValue ? "--version=" : word;
  });
  return end === -1 ? settled : [...settled, ...argv.slice(end)];
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CommandFailure(`--port: ${JSON.stringify(text)}, wanted a number from 0 to 65535`);
}

function readApiKey(text: string | undefined): string | undefined {
  const key = readText("--api-key", text);
  const problem = key === undefined ? undefined : apiKeyProblem(key);
  if (problem === undefined) return key;
  throw new CommandFailure(`--api-key: "…", wanted ${problem}`);
}

function readLogLevel(text: string | undefined): ServeOptions["logLevel"] {
  if (text === undefined) return undefined;
  const level = toLogLevel(text);
  if (level !== undefined) return level;
  throw new CommandFailure(
    `--log-level: ${JSON.stringify(text)}, wanted one of ${LOG_LEVELS.join(", ")}`,
  );
}
