import { REMOTE_TYPE_NAMES, toRemoteKind } from "../config/backend-entry.ts";
import { parseBackendName } from "../config/backend-name.ts";
import { parseHeaders } from "../config/parse-headers.ts";
import { asGatewayError } from "../core/errors.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { readText } from "../shell/read-flags.ts";
import { nameOfCommand, nameOfUrl } from "./server-name.ts";

/** One server named on the command line, and what its backend is called. */
export type OneServer = Readonly<
  { name: string } & ({ command: readonly string[] } | RemoteServer)
>;

type RemoteServer = {
  url: string;
  /** As an entry of a config file has them; both absent unless given. */
  type?: string;
  headers?: Readonly<Record<string, string>>;
};

export type ServerFlags = Readonly<{
  config?: string | undefined;
  name?: string | undefined;
  type?: string | undefined;
  "server-type"?: string | undefined;
  header?: string | undefined;
}>;

/** Everything after `--` belongs to the server, flags included. Throws `CommandFailure`. */
export function readServer(
  after: readonly string[] | undefined,
  values: ServerFlags,
): OneServer | undefined {
  const type = readType(values);
  const headers = readHeaders(values.header);
  if (after === undefined) {
    if (type === undefined && headers === undefined) return undefined;
    const flag = type === undefined ? "--header" : "--type";
    throw new CommandFailure(
      `Cannot use ${flag}: it is for the one server after "--"; in a config file it is a key of the entry`,
    );
  }
  if (values.config !== undefined) {
    throw new CommandFailure('Cannot use both --config and a server after "--": choose one');
  }
  const server = readOneServer(after, readText("--name", values.name));
  const isRemote = "url" in server;
  if (type !== undefined && isRemote !== (type !== "stdio")) {
    const wanted = isRemote ? "a command" : "a URL";
    throw new CommandFailure(`--type: "${type}", but after "--" is not ${wanted}`);
  }
  if (!isRemote) {
    if (headers === undefined) return server;
    throw new CommandFailure('Cannot use --header: a command after "--" is sent no headers');
  }
  return {
    ...server,
    ...(type === undefined ? {} : { type }),
    ...(headers === undefined ? {} : { headers }),
  };
}

function readType(values: ServerFlags): string | undefined {
  const { type = values["server-type"], "server-type": other = type } = values;
  if (type !== other) {
    throw new CommandFailure("Cannot use both --type and --server-type: they mean the same");
  }
  const known = type?.toLowerCase();
  if (known === undefined || known === "stdio" || toRemoteKind(known) !== undefined) {
    return known;
  }
  const wanted = ["stdio", ...REMOTE_TYPE_NAMES].join(", ");
  throw new CommandFailure(`--type: ${JSON.stringify(type)}, wanted one of ${wanted}`);
}

/** One JSON object, which may hold credentials: no value of it is ever shown. */
function readHeaders(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    const wanted = 'wanted an object like {"Authorization": "Bearer ..."}';
    throw new CommandFailure(`--header: not JSON, ${wanted}`, undefined, { cause: error });
  }
  try {
    return parseHeaders("--header", given);
  } catch (error) {
    throw new CommandFailure(asGatewayError(error).message, undefined, { cause: error });
  }
}

/**
 * The words after `--`: a command with its arguments, or one address. `wanted` is its name where
 * that can be the name of a backend; otherwise the server's own name says it.
 */
export function readOneServer(words: readonly string[], wanted: string | undefined): OneServer {
  const [first = ""] = words;
  if (first.trim() === "") {
    throw new CommandFailure(
      'Cannot start a server: nothing after "--", wanted a command or a URL',
    );
  }
  const name = wanted !== undefined && isBackendName(wanted) ? wanted : undefined;
  if (!/^https?:\/\//i.test(first)) {
    return { name: name ?? legalOr(nameOfCommand(words)), command: words };
  }
  if (words.length > 1) {
    throw new CommandFailure(
      `Cannot use ${JSON.stringify(words[1])} after "--": a server with a URL takes no arguments`,
    );
  }
  return { name: name ?? legalOr(nameOfUrl(first)), url: first };
}

/** The config document that has this server alone, its tools at `/{tool}` too as with mcpo. */
export function oneServerDocument({ name, ...server }: OneServer): string {
  const entry =
    "url" in server ? server : { command: server.command[0], args: server.command.slice(1) };
  const gateway = { openapi: { root: name } };
  return JSON.stringify({ mcpServers: { [name]: entry }, gateway });
}

export function isBackendName(name: string): boolean {
  try {
    parseBackendName(name);
    return true;
  } catch {
    return false; // the caller has another name, or says it better
  }
}

/** A command may be called like one of our routes, or by no letter of ours. */
function legalOr(name: string): string {
  return isBackendName(name) ? name : "server";
}
