import { startEverything } from "../support/real-servers.ts";
import { startEcho } from "./echo-process.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { blindProxy, openScript } from "./open-worker.ts";
import { answerOf, callTool, withSession } from "./rpc-load.ts";
import { atLeast, atMost, LOAD_HEAD, loadRow, type Promised, type Section } from "./section.ts";
import { compareSideBySide, type Contender, type Measured } from "./side-by-side.ts";

/** A tool call by a known caller against a proxy that looks at nothing. */
export const directLane: Section = {
  name: "direct",
  title: "tools/call through the gateway against a blind proxy on the same host and backend",
  async run({ bundle, effort, cleanup }) {
    const echo = `${await startEcho(cleanup)}/mcp/json/1`;
    const everything = await startEverything("streamableHttp");
    cleanup.defer(async () => void (await everything.stop()));
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    const proxy = await openScript(blindProxy(echo));
    cleanup.defer(proxy.stop);
    const sessionProxy = await openScript(blindProxy(everything.url));
    cleanup.defer(sessionProxy.stop);
    await configure(gateway, {
      json: { type: "http", url: echo },
      everything: { type: "http", url: everything.url },
    });
    await untilReady(gateway, 2);

    const json: readonly Contender[] = [
      { name: "blind proxy, JSON", request: callTool(proxy.url, "echo"), pid: proxy.pid },
      {
        name: "/mcp/{backend}, JSON",
        request: callTool(`${gateway.url}/mcp/json`, "echo"),
        pid: gateway.pid,
      },
      {
        name: "/mcp, JSON, renamed",
        request: callTool(`${gateway.url}/mcp`, "json_echo"),
        pid: gateway.pid,
      },
    ];
    const session: readonly Contender[] = [
      {
        name: "blind proxy, session",
        request: await withSession(callTool(sessionProxy.url, "echo")),
        pid: sessionProxy.pid,
      },
      {
        name: "/mcp/{backend}, session",
        request: callTool(`${gateway.url}/mcp/everything`, "echo"),
        pid: gateway.pid,
      },
    ];
    for (const { request } of [...json, ...session]) await answerOf(request);

    const measured: Measured[] = [];
    for (const contenders of [json, session]) {
      for (const connections of [1, 16, 64]) {
        measured.push(...(await compareSideBySide(contenders, connections, effort)));
      }
    }
    return { table: [LOAD_HEAD, ...measured.map(loadRow)], promises: measured.flatMap(promisesOf) };
  },
};

function promisesOf({ name, connections, cpuRatio, throughputRatio }: Measured): Promised[] {
  if (name.startsWith("blind") || connections === 1) return [];
  const what = `${name}, ${connections} connections:`;
  return [
    atMost(`${what} CPU of a blind proxy`, cpuRatio, 1.3),
    atLeast(`${what} throughput of a blind proxy`, throughputRatio, 0.85),
  ];
}
