import { parseArgs } from "node:util";
import { CommandFailure } from "./command-failure.ts";
import { isBackendName, readOneServer, type OneServer } from "./one-server.ts";

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
}>;

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
  | DeployOptions
  | Readonly<{ kind: "help"; about: CommandName | undefined }>
  | Readonly<{ kind: "version" }>;

export type CommandName = "start" | "dev" | "connect" | "deploy";

const COMMON = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  config: { type: "string", short: "c" },
} as const;
const SERVE = {
  ...COMMON,
  "public-url": { type: "string" },
  port: { type: "string", short: "p" },
  host: { type: "string" },
  "api-key": { type: "string", short: "k" },
  "owner-password": { type: "string" },
  state: { type: "string" },
  name: { type: "string", short: "n" },
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

/** Flags that users of mcpo bring along, and what to do here instead. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["hot-reload", "leave it out, the file of --config is always watched"],
  ["strict-auth", "leave it out, every path but /health asks for a key"],
  ["cors-allow-origins", 'put "gateway": {"allowedOrigins": [...]} in the config file'],
  ["server-type", 'give the server an entry with "type" and "url" in a --config file'],
  ["type", 'give the server an entry with "type" and "url" in a --config file'],
  ["header", 'give the server an entry with "headers" in a --config file'],
  ["env", "set it in the environment or in .dev.vars"],
  ["env-path", "put the variables in .dev.vars"],
  [
    "ssl-certfile",
    "put a tunnel or a proxy with a certificate in front, and name it in --public-url",
  ],
  [
    "ssl-keyfile",
    "put a tunnel or a proxy with a certificate in front, and name it in --public-url",
  ],
]);

/** `argv` without node and script. Throws `CommandFailure` with one line. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first, ...rest] = argv;
  switch (first) {
    case undefined:
    case "help":
    case "--help":
    case "-h":
      return { kind: "help", about: undefined };
    case "--version":
      return { kind: "version" };
    case "start":
    case "dev":
      return parseServe(first, rest);
    case "connect":
      return parseConnect(rest);
    case "deploy":
      return parseDeploy(rest);
    default:
      throw new CommandFailure(
        `Cannot run ${JSON.stringify(first)}: wanted "start", "dev", "connect" or "deploy" (see --help)`,
      );
  }
}

function parseServe(kind: "start" | "dev", argv: readonly string[]): CommandLine {
  const { values, after } = read(kind, argv, SERVE);
  if (values.help === true) return { kind: "help", about: kind };
  if (values.version === true) return { kind: "version" };
  return {
    kind,
    port: readPort(values.port),
    host: readText("--host", values.host) ?? DEFAULT_HOST,
    config: readText("--config", values.config),
    apiKey: readText("--api-key", values["api-key"]),
    ownerPassword: readText("--owner-password", values["owner-password"]),
    state: readText("--state", values.state),
    publicUrl: readPublicUrl(values["public-url"]),
    server: readServer(after, values),
  };
}

function parseConnect(argv: readonly string[]): CommandLine {
  const { values, after } = read("connect", argv, CONNECT);
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

/** Everything after `--` belongs to the server, flags included. */
function readServer(
  after: readonly string[] | undefined,
  values: Readonly<{ config?: string | undefined; name?: string | undefined }>,
): OneServer | undefined {
  if (after === undefined) return undefined;
  if (values.config !== undefined) {
    throw new CommandFailure('Cannot use both --config and a server after "--": choose one');
  }
  return readOneServer(after, readText("--name", values.name));
}

function parseDeploy(argv: readonly string[]): CommandLine {
  const { values, after } = read("deploy", argv, DEPLOY);
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

/** `after` is what stands behind `--`; undefined when there is none. */
function read<Options extends typeof SERVE | typeof CONNECT | typeof DEPLOY>(
  command: CommandName,
  argv: readonly string[],
  options: Options,
) {
  const end = argv.indexOf("--");
  const own = end === -1 ? [...argv] : argv.slice(0, end);
  const after = end === -1 ? undefined : argv.slice(end + 1);
  const scan = parseArgs({ args: own, options, strict: false, tokens: true });
  for (const token of scan.tokens) {
    if (token.kind === "option-terminator") break;
    if (token.kind === "positional") {
      throw new CommandFailure(
        `Cannot use ${JSON.stringify(token.value)}: ${command} takes flags only (see --help)`,
      );
    }
    if (!Object.hasOwn(options, token.name)) {
      const instead = ELSEWHERE.get(token.name);
      throw new CommandFailure(
        `Unknown flag ${token.rawName}: ${instead ?? `see "npm run ${command} -- --help"`}`,
      );
    }
  }
  try {
    const { values } = parseArgs({ args: own, options });
    return { values, after };
  } catch (error) {
    // Node's sentence names the flag and what is wrong with it, and goes on with advice.
    const reason = error instanceof Error ? error.message.split(/[.\n]/)[0] : String(error);
    throw new CommandFailure(`${reason}`, undefined, { cause: error });
  }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CommandFailure(`--port: ${JSON.stringify(text)}, wanted a number from 0 to 65535`);
}

function readText(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || text.trim() !== "") return text;
  throw new CommandFailure(`${flag}: empty, wanted a value`);
}

function readMatching(
  flag: string,
  text: string | undefined,
  { pattern, wanted }: { pattern: RegExp; wanted: string },
): string | undefined {
  if (text === undefined || pattern.test(text)) return text;
  throw new CommandFailure(`${flag}: ${JSON.stringify(text)}, wanted ${wanted}`);
}

/** Only an origin: the gateway's paths hang below it, and metadata names it as the issuer. */
function readPublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    /^\/?$/.test(url.pathname + url.search)
  ) {
    return url.origin;
  }
  throw new CommandFailure(
    `--public-url: ${JSON.stringify(text)}, wanted an address without a path such as https://mcp.example.com`,
  );
}
