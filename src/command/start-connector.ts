import { dirname, resolve } from "node:path";
import { createConnectorReport } from "../connector/connector-report.ts";
import { createConnector, type Connector } from "../connector/connector.ts";
import type { Environment } from "../shell/environment-flags.ts";
import { readDevVars } from "../shell/local-secrets.ts";
import { readLocalServers, type LocalServers } from "../connector/local-servers.ts";

export type StartConnectorOptions = Readonly<{
  /** Of the gateway on this machine, and the key of the command that started it. */
  url: string;
  localCommandKey: string;
  version: string;
  /** The config file; undefined when the document comes from the command line. */
  path: string | undefined;
  environment: Environment;
  /** Of it, what was given on the command line. */
  given: Environment;
  devVarsFile: string;
  isDebugging: boolean;
  say: (line: string) => void;
}>;

export type StartConnector = Readonly<{
  /** `${NAME}`s of the servers that run here which nobody gave a value for. */
  missingIn: (text: string) => Promise<readonly string[]>;
  /** Runs the servers of a document that is in force, and no others. */
  apply: (text: string) => Promise<void>;
  /** Servers that are on their way: who shows the backends waits for these a little. */
  coming: () => ReadonlySet<string>;
  stop: () => Promise<void>;
}>;

/** The connector inside `npm start`: the stdio servers of the very file that is served. */
export function createStartConnector(options: StartConnectorOptions): StartConnector {
  const { url, localCommandKey, version, environment, given, isDebugging, say } = options;
  const coming = new Set<string>();
  const report = createConnectorReport({ say, level: isDebugging ? "debug" : "troubles" });
  let connector: Connector | undefined;

  async function read(text: string): Promise<LocalServers> {
    const folder = options.path === undefined ? process.cwd() : dirname(resolve(options.path));
    const devVars = await readDevVars(options.devVarsFile);
    return readLocalServers({ text, folder, environment, given, devVars, withRemote: false });
  }

  return {
    missingIn: async (text) => {
      try {
        return (await read(text)).missing;
      } catch {
        return []; // the gateway refuses the text, and says what is wrong with it
      }
    },
    apply: async (text) => {
      const { servers } = await read(text);
      if (servers.length === 0 && connector === undefined) return;
      connector ??= createConnector({
        url,
        headers: { authorization: `Bearer ${localCommandKey}` },
        version,
        tell: (name, news) => {
          if (news.kind === "ended" || news.kind === "disconnected") coming.delete(name);
          report(name, news);
        },
      });
      for (const { name } of servers) coming.add(name);
      await connector.apply(servers);
    },
    coming: () => coming,
    stop: async () => connector?.stop(),
  };
}
