import { parseBackendName } from "../config/backend-name.ts";
import { CommandFailure } from "./command-failure.ts";
import { nameOfCommand, nameOfUrl } from "./server-name.ts";

/** One server named on the command line, and what its backend is called. */
export type OneServer = Readonly<
  { name: string } & ({ command: readonly string[] } | { url: string })
>;

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

/** The config document that has this server alone. */
export function oneServerDocument(server: OneServer): string {
  const entry =
    "url" in server
      ? { url: server.url }
      : { command: server.command[0], args: server.command.slice(1) };
  return JSON.stringify({ mcpServers: { [server.name]: entry } });
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
