import { join } from "node:path";
import { startEcho } from "./echo-process.ts";
import { median } from "./measure-throughput.ts";
import { CLIENT_HEADERS, configure, openGateway, untilReady } from "./open-gateway.ts";
import { installPeers } from "./peer-packages.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { atLeast, atMost, LOAD_HEAD, loadRow, type Promised, type Section } from "./section.ts";
import { compareSideBySide, type Measured } from "./side-by-side.ts";
import { callingOver, type ProgramToStart, startStdioPeer } from "./stdio-peer.ts";

const RUN = join(import.meta.dirname, "../../src/command/run.mjs");
const SDK_BRIDGE = join(import.meta.dirname, "sdk-bridge.ts");
const VERSION = "0.15.1";
const STARTS = 5;

const OURS = "stdio";
const SDK = "the SDK's transports";
const PEER = `mcp-remote ${VERSION}`;
/** What each costs at least, of what ours costs. */
const TIMES: ReadonlyMap<string, number> = new Map([
  [SDK, 2],
  [PEER, 3],
]);

/** What a client pays that only starts programs. */
export const stdioCalls: Section = {
  name: "stdio",
  title: "a call through `stdio`, through the SDK's two transports put together, and mcp-remote",
  async run({ bundle, effort, cleanup }) {
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, {
      json: { type: "http", url: `${await startEcho(cleanup)}/mcp/json/1` },
    });
    await untilReady(gateway, 1);
    const url = `${gateway.url}/mcp/json`;
    const { folder, problem } = await installPeers("bench-stdio", { "mcp-remote": VERSION });

    const ours = { args: [RUN, "stdio"], env: gatewayAt(url) };
    const programs: readonly (readonly [string, ProgramToStart])[] = [
      [OURS, ours],
      [SDK, { args: [SDK_BRIDGE], env: gatewayAt(url) }],
      ...(problem === undefined ? [[PEER, mcpRemote(folder, url)] as const] : []),
    ];
    const contenders = await Promise.all(
      programs.map(async ([name, program]) => {
        const peer = await startStdioPeer(program);
        cleanup.defer(peer.stop);
        return callingOver(name, peer);
      }),
    );
    const request = callTool(url, "echo");
    await answerOf(request);

    const measured: Measured[] = [];
    for (const connections of [1, 16]) {
      measured.push(...(await compareSideBySide(contenders, connections, effort)));
    }
    const plain = { name: "HTTP, without any", pid: 0, request };
    const [alone] = await compareSideBySide([plain], 1, effort);
    const single = measured.find(({ name, connections }) => name === OURS && connections === 1);
    const starts = await timeStarts(ours);
    return {
      table: [LOAD_HEAD, ...[...measured, ...(alone === undefined ? [] : [alone])].map(loadRow)],
      promises: [
        ...measured.flatMap(promiseOf),
        atMost("ms added to a call over HTTP", (single?.p50Ms ?? NaN) - (alone?.p50Ms ?? 0), 2),
      ],
      notes: [
        `from its start to the first answer: ${starts.toFixed(0)} ms`,
        ...(problem === undefined ? [] : [`not measured: mcp-remote is missing: ${problem}`]),
      ],
    };
  },
};

function promiseOf({ name, connections, cpuRatio }: Measured): readonly Promised[] {
  const times = TIMES.get(name);
  if (times === undefined) return [];
  return [
    atLeast(`CPU of ${name} of that of stdio, ${connections} at once:`, cpuRatio ?? NaN, times),
  ];
}

function gatewayAt(url: string): Readonly<Record<string, string>> {
  return {
    GATEWAY_URL: url,
    GATEWAY_API_KEY: CLIENT_HEADERS.authorization.replace("Bearer ", ""),
  };
}

function mcpRemote(folder: string, url: string): ProgramToStart {
  const proxy = join(folder, "node_modules/mcp-remote/dist/proxy.js");
  const header = `Authorization:${CLIENT_HEADERS.authorization}`;
  return {
    args: [proxy, url, "--transport", "http-only", "--silent", "--header", header],
    cwd: folder,
    // What it keeps of its logins stays in its folder.
    env: { HOME: folder, MCP_REMOTE_CONFIG_DIR: folder },
  };
}

/** Milliseconds from a start to the answer of the first call, in a session. */
async function timeStarts(program: ProgramToStart): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const before = performance.now();
    const peer = await startStdioPeer(program);
    await peer.echo();
    times.push(performance.now() - before);
    await peer.stop();
  }
  return median(times);
}
