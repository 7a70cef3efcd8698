import { CommandFailure } from "../shell/command-failure.ts";
import { parseConfigCommand, type ConfigOptions } from "./config-line.ts";
import { parseKeysCommand, type KeysOptions } from "./keys-line.ts";
import { isBackendName, readServer, type OneServer } from "./one-server.ts";
import { readFlags, readMatching, readPublicUrl, readText } from "../shell/read-flags.ts";
import { parseServe, type ServeOptions } from "./serve-line.ts";
import { parseStatusCommand, type StatusOptions } from "./status-line.ts";
import { parseStdio, type StdioOptions } from "../bridge/stdio-line.ts";

export type ConnectOptions = Readonly<{
  kind: "connect";
  gateway: string | undefined;
  key: string | undefined;
  config: string | undefined;
  server: OneServer | undefined;
  once: boolean;
}>;

export type DeployOptions = Readonly<{
  kind: "deploy";
  config: string | undefined;
  name: string | undefined;
  domain: string | undefined;
  publicUrl: string | undefined;
  dryRun: boolean;
}>;

export type CommandLine =
  | ServeOptions
  | ConnectOptions
  | StdioOptions
  | DeployOptions
  | ConfigOptions
  | KeysOptions
  | StatusOptions
  | Readonly<{ kind: "help"; about: CommandName | undefined }>
  | Readonly<{ kind: "version" }>;

export type CommandName =
  | "start"
  | "dev"
  | "connect"
  | "stdio"
  | "deploy"
  | "config"
  | "keys"
  | "status";

const COMMON = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  config: { type: "string", short: "c" },
} as const;
const CONNECT = {
  ...COMMON,
  gateway: { type: "string", short: "g" },
  key: { type: "string", short: "k" },
  name: { type: "string", short: "n" },
  once: { type: "boolean" },
} as const;
const DEPLOY = {
  ...COMMON,
  "public-url": { type: "string" },
  name: { type: "string" },
  domain: { type: "string" },
  "dry-run": { type: "boolean" },
} as const;

/** `argv` without node and script. Throws `CommandFailure` with one line. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first, ...rest] = argv;
  // As mcpo is called: nothing but flags.
  if (first?.startsWith("-") === true && rest.length > 0) return parseServe("start", argv);
  switch (first) {
    case undefined:
    case "help":
    case "--help":
    case "-h":
      return { kind: "help", about: undefined };
    case "--version":
    case "-v":
      return { kind: "version" };
    case "start":
    case "dev":
      return parseServe(first, rest);
    case "connect":
      return parseConnect(rest);
    case "stdio":
      return parseStdio(rest);
    case "deploy":
      return parseDeploy(rest);
    case "config":
      return parseConfigCommand(rest);
    case "keys":
      return parseKeysCommand(rest);
    case "status":
      return parseStatusCommand(rest);
    default:
      throw new CommandFailure(
        `Cannot run ${JSON.stringify(first)}: wanted "start", "connect", "stdio", "deploy", "config", "keys" or "status" (see --help)`,
      );
  }
}

function parseConnect(argv: readonly string[]): CommandLine {
  const { values, after } = readFlags({ command: "connect", argv, options: CONNECT });
  if (values.help === true) return { kind: "help", about: "connect" };
  if (values.version === true) return { kind: "version" };
  const { name } = values;
  if (name !== undefined && !isBackendName(name)) {
    throw new CommandFailure(
      `--name: ${JSON.stringify(name)}, wanted the name of a backend: a-z, 0-9 and "-"`,
    );
  }
  if (name !== undefined && after === undefined) {
    throw new CommandFailure(
      'Cannot use --name: it names the server after "--", and none is there',
    );
  }
  return {
    kind: "connect",
    gateway: readText("--gateway", values.gateway),
    key: readText("--key", values.key),
    config: readText("--config", values.config),
    server: readServer(after, values),
    once: values.once === true,
  };
}

function parseDeploy(argv: readonly string[]): CommandLine {
  const { values, after } = readFlags({ command: "deploy", argv, options: DEPLOY });
  if (after !== undefined) {
    throw new CommandFailure('Cannot deploy a server after "--": a Worker starts no programs');
  }
  if (values.help === true) return { kind: "help", about: "deploy" };
  if (values.version === true) return { kind: "version" };
  return {
    kind: "deploy",
    config: readText("--config", values.config),
    name: readMatching("--name", values.name, {
      pattern: /^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/,
      wanted: "small letters, digits and dashes, at most 54",
    }),
    domain: readMatching("--domain", values.domain, {
      pattern: /^([a-z0-9-]+\.)+[a-z]{2,}$/i,
      wanted: "a host name of your zone such as mcp.example.com",
    }),
    publicUrl: readPublicUrl(values["public-url"]),
    dryRun: values["dry-run"] === true,
  };
}
