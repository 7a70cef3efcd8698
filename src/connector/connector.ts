import { randomToken } from "../core/digest.ts";
import { CONNECT_PATH } from "../tunnel/tunnel-protocol.ts";
import { keepProcess } from "./kept-process.ts";
import { keepRemote } from "./kept-remote.ts";
import { openBridge, type Bridge, type BridgeNews } from "./local-bridge.ts";
import type { LocalServer } from "./local-servers.ts";
import { openProcessWatch } from "./process-watch.ts";
import type { Dial } from "./outward-socket.ts";

export type ConnectorOptions = Readonly<{
  /** Of the gateway. */
  url: string;
  headers: Readonly<Record<string, string>>;
  version: string;
  tell: (name: string, news: BridgeNews) => void;
}>;

export type Connector = Readonly<{
  /** From now on these servers run and no others; those that did not change are left alone. */
  apply: (servers: readonly LocalServer[]) => Promise<void>;
  stop: () => Promise<void>;
}>;

/** Runs local servers and brings each to its backend. */
export function createConnector(options: ConnectorOptions): Connector {
  const instance = randomToken(12);
  const watch = openProcessWatch();
  const running = new Map<string, Readonly<{ definition: string; bridge: Bridge }>>();
  let sequence = 0;
  let applying: Promise<void> = Promise.resolve();
  let stopped = false;

  function dial({ name, ...server }: LocalServer): Dial {
    sequence += 1;
    const url = new URL(`${CONNECT_PATH.slice(1)}${name}`, withSlash(options.url));
    url.protocol = url.protocol.replace("http", "ws");
    return {
      url,
      headers: options.headers,
      hello: {
        backend: name,
        instance,
        sequence,
        version: options.version,
        ...(server.kind === "stdio" ? { command: programOf(server.stdio.command) } : {}),
      },
    };
  }

  function start(server: LocalServer): Bridge {
    return openBridge(
      (hooks) =>
        server.kind === "stdio"
          ? keepProcess(server.stdio, { hooks, watch })
          : keepRemote(server.remote, hooks),
      {
        dial: () => dial(server),
        tell: (news) => options.tell(server.name, news),
      },
    );
  }

  async function change(servers: readonly LocalServer[]): Promise<void> {
    const wanted = new Map(servers.map((server) => [server.name, server]));
    const leaving = [...running].filter(([name, { definition }]) => {
      const server = wanted.get(name);
      return server === undefined || JSON.stringify(server) !== definition;
    });
    // Before its successor starts: two of them would work on the same files.
    await Promise.all(
      leaving.map(async ([name, { bridge }]) => {
        running.delete(name);
        await bridge.stop();
      }),
    );
    if (stopped) return;
    for (const [name, server] of wanted) {
      if (running.has(name)) continue;
      running.set(name, { definition: JSON.stringify(server), bridge: start(server) });
    }
  }

  return {
    apply: (servers) => {
      applying = applying.then(() => change(servers));
      return applying;
    },
    stop: async () => {
      stopped = true;
      await Promise.all([applying, ...[...running.values()].map(({ bridge }) => bridge.stop())]);
      running.clear();
      watch.release();
    },
  };
}

/** A gateway may be served below a path. */
function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

/** The name alone: where a program lies is nobody's business. */
function programOf(command: string): string {
  return (command.split(/[/\\]/).at(-1) ?? "").slice(0, 200);
}
