import { basename, dirname, resolve } from "node:path";
import { CommandFailure, EXIT_ENDED, EXIT_REFUSED } from "../shell/command-failure.ts";
import type { ConnectOptions } from "./command-line.ts";
import { readConfigFile, watchConfigFile } from "./config-file.ts";
import { createConnectorReport } from "../connector/connector-report.ts";
import { createConnector } from "../connector/connector.ts";
import { parseGatewayAddress } from "../shell/gateway-address.ts";
import type { BridgeNews } from "../connector/local-bridge.ts";
import { readDevVars } from "../shell/local-secrets.ts";
import { readLocalServers, type LocalServer } from "../connector/local-servers.ts";
import { oneServerDocument } from "./one-server.ts";
import { PROJECT } from "../shell/project-files.ts";
import { listenForStop } from "../shell/stop-signal.ts";
import { countOf, oneLine } from "../shell/terminal.ts";

function say(line: string): void {
  console.log(line);
}

/** Brings the servers of this machine to a gateway, until a signal ends it; the exit code. */
export async function connect(options: ConnectOptions, version: string): Promise<number> {
  const stopping = listenForStop();
  const url = readGatewayUrl(options.gateway ?? process.env["GATEWAY_URL"]);
  const key = options.key ?? process.env["GATEWAY_API_KEY"] ?? "";
  if (key === "") {
    throw new CommandFailure("Cannot connect: no key, set GATEWAY_API_KEY or give --key");
  }
  const text =
    options.server === undefined
      ? await readConfigFile(options.config)
      : oneServerDocument(options.server);
  if (text === undefined) {
    throw new CommandFailure('Cannot connect: no servers, name them with --config or after "--"');
  }
  const file = options.config === undefined ? "command line" : basename(options.config);
  const folder = options.config === undefined ? process.cwd() : dirname(resolve(options.config));
  const devVars = await readDevVars(PROJECT.devVars);

  function serversIn(document: string): readonly LocalServer[] {
    const { servers, missing } = readLocalServers({
      text: document,
      folder,
      environment: process.env,
      given: {},
      devVars,
      withRemote: true,
    });
    for (const name of missing) {
      say(`${file}: \${${name}} is neither in the environment nor in .dev.vars`);
    }
    return servers;
  }

  let servers: readonly LocalServer[];
  try {
    servers = serversIn(text);
  } catch (error) {
    throw new CommandFailure(`${file}: ${messageOf(error)}`, undefined, { cause: error });
  }
  if (servers.length === 0) {
    throw new CommandFailure(
      `${file}: no entry has a "command" or a "url", so there is nothing to connect`,
    );
  }

  const outcome = watchOutcome(options.once, () => servers.map(({ name }) => name));
  const level = process.env["LOG_LEVEL"] === "debug" ? "debug" : "progress";
  const report = createConnectorReport({ say, level });
  const connector = createConnector({
    url,
    headers: { authorization: `Bearer ${key}` },
    version,
    tell: (name, news) => {
      report(name, news);
      outcome.hear(name, news);
    },
  });
  say(`Connecting ${countOf(servers.length, "server")} to ${url}`);
  const watching =
    options.config === undefined
      ? undefined
      : watchConfigFile({
          path: options.config,
          text,
          onChange: async (changed) => {
            if (changed === undefined) {
              say(`${file}: the file is gone, its servers stay`);
              return;
            }
            try {
              servers = serversIn(changed);
              await connector.apply(servers);
              say(`${file}: ${countOf(servers.length, "server")}`);
            } catch (error) {
              say(`${file}: ${messageOf(error)} (its servers stay as they are)`);
            }
          },
        });
  try {
    await connector.apply(servers);
    return (await stopping.orUntil(outcome.promise)) ?? 0;
  } finally {
    watching?.stop();
    await connector.stop();
  }
}

/** Resolves with an exit code once there is no sense in going on. */
function watchOutcome(
  once: boolean,
  names: () => readonly string[],
): Readonly<{ promise: Promise<number>; hear: (name: string, news: BridgeNews) => void }> {
  const { promise, resolve: finish } = Promise.withResolvers<number>();
  /** Status of the refusal, of those that were refused last. */
  const refused = new Map<string, number>();
  let wasConnected = false;

  function hear(name: string, news: BridgeNews): void {
    if (news.kind === "connected") {
      wasConnected = true;
      refused.delete(name);
    }
    if (news.kind === "ended" && once) finish(EXIT_ENDED);
    if (news.kind !== "disconnected") return;
    if (once) finish(EXIT_REFUSED);
    if (news.end.kind === "refused") refused.set(name, news.end.status);
    // A name that is unknown today may be configured tomorrow; a key comes back to no one.
    const isHopeless = names().every((each) =>
      wasConnected ? refused.get(each) === 401 : refused.has(each),
    );
    if (isHopeless) finish(EXIT_REFUSED);
  }
  return { promise, hear };
}

function readGatewayUrl(text: string | undefined): string {
  if (text === undefined || text === "") {
    throw new CommandFailure("Cannot connect: no gateway, set GATEWAY_URL or give --gateway");
  }
  return parseGatewayAddress("--gateway", text).base;
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 400);
}
