import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { parseConfig, parseDocumentText } from "../config/config-document.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import { parseStdioEntry } from "../config/stdio-entry.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { childEnvironment } from "./child-environment.ts";
import type { Environment } from "../shell/environment-flags.ts";
import type { RemoteServer } from "./remote-channel.ts";
import type { StdioServer } from "./stdio-process.ts";

/** One server of the file that the connector brings, by the name of its backend. */
export type LocalServer = Readonly<{ name: string }> &
  (
    | Readonly<{ kind: "stdio"; stdio: StdioServer }>
    | Readonly<{ kind: "remote"; remote: RemoteServer }>
  );

export type FileToRead = Readonly<{
  /** The document; throws `config_invalid` where it is none. */
  text: string;
  /** Paths in the file start here. */
  folder: string;
  /** Servers inherit it, and `${NAME}` is looked up in it; but for the gateway's own secrets. */
  environment: Environment;
  /** Of the environment, what was given for this run alone: not to be shown. */
  given: Environment;
  /** Looked up where the environment has nothing; not inherited. */
  devVars: Environment;
  /** Addresses too, for a gateway that cannot reach them itself. */
  withRemote: boolean;
}>;

export type LocalServers = Readonly<{
  servers: readonly LocalServer[];
  /** Names the file refers to and nobody gave a value for. */
  missing: readonly string[];
}>;

/** The servers of a file that run here. What they are started with stays on this machine. */
export function readLocalServers(file: FileToRead): LocalServers {
  const { text, folder, environment, given, devVars, withRemote } = file;
  const document = parseDocumentText(text);
  const { config } = parseConfig(document);
  const missing = new Set<string>();
  const lookup = secretsIn({ ...devVars, ...environment });
  const fill = (written: string): string => {
    const resolved = resolveSecrets(written, lookup);
    for (const name of resolved.missing) missing.add(name);
    return resolved.text;
  };

  const servers = config.backends.flatMap(({ name, alias, transport }): readonly LocalServer[] => {
    switch (transport.kind) {
      case "stdio": {
        const entry = entriesOf(document)[alias ?? name];
        // Without a command it is brought by a connector somewhere else.
        if (!isJsonObject(entry) || entry["command"] === undefined) return [];
        const { command, args, env, cwd, envFile } = parseStdioEntry(
          `mcpServers.${alias ?? name}`,
          entry,
        );
        const ofFile = envFile === undefined ? {} : readEnvFile(resolve(folder, fill(envFile)));
        const own = {
          ...ofFile,
          ...Object.fromEntries(Object.entries(env).map(([key, written]) => [key, fill(written)])),
        };
        const words = args.map(fill);
        const stdio = {
          command: fill(command),
          args: words,
          env: childEnvironment(environment, own),
          cwd: cwd === undefined ? undefined : resolve(folder, fill(cwd)),
          secrets: [...Object.values({ ...given, ...own }), ...words].filter(
            (secret) => secret !== undefined,
          ),
        };
        return [{ name, kind: "stdio", stdio }];
      }
      case "streamable-http":
      case "sse": {
        if (!withRemote) return [];
        const headers = Object.fromEntries(
          Object.entries(transport.headers).map(([key, written]) => [key, fill(written)]),
        );
        const remote = { kind: transport.kind, url: fill(transport.url), headers };
        return [{ name, kind: "remote", remote }];
      }
      case "builtin":
        return [];
      default:
        return transport satisfies never;
    }
  });
  return { servers, missing: [...missing] };
}

/** VS Code's file calls them "servers". */
export function entriesOf(document: JsonObject): JsonObject {
  const entries = document["mcpServers"] ?? document["servers"];
  return isJsonObject(entries) ? entries : {};
}

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch {
    return {}; // as where people know it from: a file that is not there sets nothing
  }
}
