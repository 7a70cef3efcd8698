import { startEcho, startEchoSession } from "./echo-process.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { blindHop, blindProxy, openScript } from "./open-worker.ts";
import { answerOf, callTool, type RpcLoad, withSession } from "./rpc-load.ts";
import { atMost, LOAD_HEAD, loadRow, type Promised, type Section } from "./section.ts";
import { compareSideBySide, type Contender, type Measured } from "./side-by-side.ts";

const PLAIN = "no session";
const UNASKED = "session, not asked";
const INTERACTIVE = "session, may be asked";
const PROXY = "blind proxy";
const HOP = "blind proxy in an object";

/**
 * What a session adds to a call. A client that can be asked is served in its object, and may cost
 * what an object that looks at nothing adds to a proxy that looks at nothing; others stay where
 * those without a session are.
 */
export const sessionCalls: Section = {
  name: "sessions",
  title: "tools/call without a session, in one, and in one of a client that can be asked",
  async run({ bundle, effort, cleanup }) {
    const urls = {
      json: `${await startEcho(cleanup)}/mcp/json/1`,
      session: `${await startEchoSession(cleanup)}/mcp`,
    };
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, {
      json: { type: "http", url: urls.json },
      session: { type: "http", url: urls.session },
    });
    await untilReady(gateway, 2);

    const measured: Measured[] = [];
    const promises: Promised[] = [];
    for (const backend of ["json", "session"] as const) {
      const proxy = await openScript(blindProxy(urls[backend]));
      cleanup.defer(proxy.stop);
      const hop = await openScript(blindHop(urls[backend]), "Hop");
      cleanup.defer(hop.stop);
      const call = callTool(`${gateway.url}/mcp/${backend}`, "echo");
      const direct = (url: string): RpcLoad | Promise<RpcLoad> =>
        backend === "json" ? callTool(url, "echo") : withSession(callTool(url, "echo"));
      const contenders: readonly Contender[] = [
        { name: PLAIN, request: call, pid: gateway.pid },
        { name: UNASKED, request: await withSession(call), pid: gateway.pid },
        {
          name: INTERACTIVE,
          request: await withSession(call, { elicitation: {} }),
          pid: gateway.pid,
        },
        { name: PROXY, request: await direct(proxy.url), pid: proxy.pid },
        { name: HOP, request: await direct(hop.url), pid: hop.pid },
      ];
      for (const { request } of contenders) await answerOf(request);
      for (const connections of [1, 16]) {
        const rows = await compareSideBySide(contenders, connections, effort);
        measured.push(...rows.map((row) => ({ ...row, name: `${row.name}, ${backend} backend` })));
        if (connections > 1) promises.push(...promisesOf(rows, backend));
      }
    }
    return { table: [LOAD_HEAD, ...measured.map(loadRow)], promises };
  },
};

function promisesOf(rows: readonly Measured[], backend: string): Promised[] {
  const of = (name: string): Measured | undefined => rows.find((row) => row.name === name);
  const cpu = (name: string): number => of(name)?.cpuUs ?? NaN;
  const expected = cpu(PLAIN) + cpu(HOP) - cpu(PROXY);
  const share = cpu(INTERACTIVE) / expected;
  return [
    atMost(
      `${UNASKED}, ${backend} backend: CPU of a call without a session`,
      of(UNASKED)?.cpuRatio,
      1.1,
    ),
    atMost(
      `${INTERACTIVE}, ${backend} backend: CPU of a call without a session and a bare object hop`,
      Number.isFinite(share) ? share : undefined,
      1.3,
    ),
  ];
}
