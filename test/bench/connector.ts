import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { startConnect } from "./connect-process.ts";
import { ECHO_STDIO, startEchoSse } from "./echo-process.ts";
import { measureFlows } from "./measure-throughput.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { atMost, LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type FlowContender, type Measured } from "./side-by-side.ts";
import { callingOver, startStdioPeer } from "./stdio-peer.ts";

const SSE = "gateway, HTTP+SSE backend";
const OVER = "gateway, connector";
const PROCESS = "the same, CPU of `connect`";
const LINES = "its server alone, bare lines";
const SDK = "its server alone, SDK client";
const ADDED_MS = 2;
const MESSAGE = { message: "The quick brown fox jumps over the lazy dog" };

/** What the way over a connector adds to a call: gateway, object, socket, `connect`, pipe. */
export const connector: Section = {
  name: "connector",
  title: "tools/call of a stdio server over the connector and without anything between",
  async run({ bundle, effort, cleanup }) {
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, {
      sse: { type: "sse", url: await startEchoSse(cleanup) },
      local: { connector: true },
    });
    const local = { command: process.execPath, args: [ECHO_STDIO] };
    const bringing = await startConnect(gateway, { local }, cleanup);
    await untilReady(gateway, 2);

    const overSse = callTool(`${gateway.url}/mcp/sse`, "echo");
    const over = callTool(`${gateway.url}/mcp/local`, "echo");
    for (const request of [overSse, over]) await answerOf(request);
    // Nobody's CPU: what these cost is not ours.
    const alone = await startStdioPeer({ args: [ECHO_STDIO] });
    cleanup.defer(alone.stop);
    const contenders = [
      { name: SSE, request: overSse, pid: gateway.pid },
      { name: OVER, request: over, pid: gateway.pid },
      { name: PROCESS, request: over, pid: bringing.process.pid ?? 0 },
      callingOver(LINES, { pid: 0, echo: alone.echo }),
      await callingWithSdk(cleanup),
    ];
    const measured: Measured[] = [];
    for (const connections of [1, 16]) {
      measured.push(...(await compareSideBySide(contenders, connections, effort)));
    }
    const p50 = (wanted: string): number =>
      measured.find(({ name, connections }) => name === wanted && connections === 1)?.p50Ms ?? NaN;
    return {
      table: [LOAD_HEAD, ...measured.map(loadRow)],
      promises: [SDK, LINES].map((name) =>
        atMost(`ms added at the median to ${name}`, p50(OVER) - p50(name), ADDED_MS),
      ),
    };
  },
};

async function callingWithSdk(cleanup: AsyncDisposableStack): Promise<FlowContender> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [ECHO_STDIO] }));
  cleanup.defer(() => client.close());
  const call = async (): Promise<void> =>
    void (await client.callTool({ name: "echo", arguments: MESSAGE }));
  return {
    name: SDK,
    pid: 0,
    measure: (connections, durationMs) =>
      measureFlows(
        Array.from({ length: connections }, () => call),
        durationMs,
      ),
  };
}
