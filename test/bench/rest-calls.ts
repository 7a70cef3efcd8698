import { startEcho, startEchoSession } from "./echo-process.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { answerOf, callTool, type RpcLoad } from "./rpc-load.ts";
import { atMost, LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type Contender, type Measured } from "./side-by-side.ts";

/** What it costs to say the same call in REST: its arguments are checked, its result is unwrapped. */
export const restCalls: Section = {
  name: "rest",
  title: "POST /{backend}/{tool} against the same call on /mcp",
  async run({ bundle, effort, cleanup }) {
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, {
      json: { type: "http", url: `${await startEcho(cleanup)}/mcp/json/1` },
      session: { type: "http", url: `${await startEchoSession(cleanup)}/mcp` },
    });
    await untilReady(gateway, 2);

    const measured: Measured[] = [];
    for (const backend of ["json", "session"]) {
      const { url, pid } = gateway;
      const contenders: readonly Contender[] = [
        {
          name: `/mcp, ${backend} backend`,
          request: callTool(`${url}/mcp`, `${backend}_echo`),
          pid,
        },
        {
          name: `/mcp/{backend}, ${backend} backend`,
          request: callTool(`${url}/mcp/${backend}`, "echo"),
          pid,
        },
        { name: `REST, ${backend} backend`, request: callRest(`${url}/${backend}/echo`), pid },
      ];
      for (const { request } of contenders) await answerOf(request);
      for (const connections of [1, 16]) {
        measured.push(...(await compareSideBySide(contenders, connections, effort)));
      }
    }
    const promises = measured
      .filter(({ name, connections }) => name.startsWith("REST") && connections > 1)
      .map(({ name, cpuRatio }) => atMost(`${name}: CPU of the same call on /mcp`, cpuRatio, 1.1));
    return { table: [LOAD_HEAD, ...measured.map(loadRow)], promises };
  },
};

/** The arguments of the call on /mcp, as a REST client sends them. */
function callRest(url: string): RpcLoad {
  const { headers } = callTool(url, "echo");
  const args = JSON.stringify({ message: "The quick brown fox jumps over the lazy dog" });
  return { url, ...(headers === undefined ? {} : { headers }), body: () => args };
}
