import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../src/shell/project-files.ts";
import { eventually, freePort, startChild } from "../support/child.ts";
import { ECHO_STDIO, startEcho } from "./echo-process.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { installPeers } from "./peer-packages.ts";
import { answerOf, callTool, type RpcLoad, withSession } from "./rpc-load.ts";
import { atLeast, LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type Contender, type Measured } from "./side-by-side.ts";

const VERSIONS = { "mcp-hub": "4.2.1", "mcp-proxy": "6.7.19", supergateway: "4.0.0" } as const;
const LOOPBACK = join(PROJECT.root, "test/support/force-loopback.cjs");
const UP_MS = 15_000;

type Peer = Readonly<{
  name: keyof typeof VERSIONS;
  args: (folder: string, port: number, echo: string) => Promise<readonly string[]>;
  request: (origin: string) => Promise<RpcLoad>;
}>;

const PEERS: readonly Peer[] = [
  {
    name: "mcp-hub",
    args: async (folder, port, echo) => {
      const config = join(folder, "mcp-hub.json");
      await writeFile(config, JSON.stringify({ mcpServers: { json: { url: echo } } }));
      return ["--port", String(port), "--config", config];
    },
    // Its way to call one tool is REST.
    request: async (origin) => ({
      url: `${origin}/api/servers/tools`,
      body: () =>
        JSON.stringify({ server_name: "json", tool: "echo", arguments: { message: MESSAGE } }),
    }),
  },
  {
    name: "mcp-proxy",
    args: async (_, port) => [
      "--port",
      String(port),
      "--host",
      "127.0.0.1",
      "--server",
      "stream",
      "--",
      process.execPath,
      ECHO_STDIO,
    ],
    request: (origin) => withSession(callTool(`${origin}/mcp`, "echo", { message: MESSAGE })),
  },
  {
    name: "supergateway",
    args: async (_, port) => [
      "--stdio",
      `${process.execPath} ${ECHO_STDIO}`,
      "--outputTransport",
      "streamableHttp",
      "--stateful",
      "--logLevel",
      "none",
      "--port",
      String(port),
    ],
    request: (origin) => withSession(callTool(`${origin}/mcp`, "echo", { message: MESSAGE })),
  },
];
const MESSAGE = "The quick brown fox jumps over the lazy dog";

/**
 * What others use for the same: mcp-hub in front of the same HTTP backend, the other two in front of
 * the same answers over stdio, which is all they speak. They check no credentials.
 */
export const peers: Section = {
  name: "peers",
  title: "tools/call through the gateway and through its peers",
  async run({ bundle, effort, cleanup }) {
    const { folder, problem } = await installPeers("bench-peers", VERSIONS);
    if (problem !== undefined) {
      return { table: [], promises: [], notes: [`skipped: peers are not installable: ${problem}`] };
    }
    const echo = `${await startEcho(cleanup)}/mcp/json/1`;
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, { json: { type: "http", url: echo } });
    await untilReady(gateway, 1);
    const contenders: Contender[] = [
      {
        name: "gateway",
        request: callTool(`${gateway.url}/mcp`, "json_echo", { message: MESSAGE }),
        pid: gateway.pid,
      },
    ];
    const notes: string[] = [];
    for (const peer of PEERS) {
      try {
        contenders.push(await startPeer(peer, { folder, echo, cleanup }));
      } catch (error) {
        notes.push(`skipped: ${peer.name}: ${String(error)}`);
      }
    }
    const measured: Measured[] = [];
    for (const connections of [1, 16, 64]) {
      measured.push(...(await compareSideBySide(contenders, connections, effort)));
    }
    const promises = measured
      .filter(({ name, connections }) => name !== "gateway" && connections > 1)
      .map(({ name, connections, throughputRatio }) =>
        atLeast(`throughput of ${name}, ${connections} connections:`, 1 / throughputRatio, 1),
      );
    return { table: [LOAD_HEAD, ...measured.map(loadRow)], promises, notes };
  },
};

async function startPeer(
  { name, args, request }: Peer,
  { folder, echo, cleanup }: { folder: string; echo: string; cleanup: AsyncDisposableStack },
): Promise<Contender> {
  const port = await freePort();
  const child = startChild(
    process.execPath,
    ["-r", LOOPBACK, join(folder, "node_modules/.bin", name), ...(await args(folder, port, echo))],
    // What they keep of their own, such as logs and caches, stays in their folder.
    { cwd: folder, env: { HOME: folder, XDG_STATE_HOME: folder, XDG_DATA_HOME: folder } },
  );
  cleanup.defer(async () => void (await child.stop()));
  const load = await eventually(
    `${name} answering`,
    async () => {
      const ready = await request(`http://127.0.0.1:${port}`);
      await answerOf(ready);
      return ready;
    },
    UP_MS,
  );
  return { name: `${name} ${VERSIONS[name]}`, request: load, pid: child.process.pid ?? 0 };
}
