import { startEcho } from "./echo-process.ts";
import { configure, openGateway, untilReady } from "./open-gateway.ts";
import { constantAnswer, openScript } from "./open-worker.ts";
import { answerOf, rpc } from "./rpc-load.ts";
import { atMost, LOAD_HEAD, loadRow, type Section } from "./section.ts";
import { compareSideBySide, type Measured } from "./side-by-side.ts";

const TOOLS = 100;

/** A list from a warm isolate against the same bytes from a constant. */
export const toolList: Section = {
  name: "list",
  title: `tools/list of ${TOOLS} tools against a Worker that answers the same bytes from a constant`,
  async run({ bundle, effort, cleanup }) {
    const echo = `${await startEcho(cleanup)}/mcp/many/${TOOLS}`;
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, { many: { type: "http", url: echo } });
    await untilReady(gateway, 1);
    const list = rpc(`${gateway.url}/mcp`, "tools/list");
    const text = await answerOf(list);
    const constant = await openScript(constantAnswer(text));
    cleanup.defer(constant.stop);

    const measured: Measured[] = [];
    for (const connections of [1, 16]) {
      const contenders = [
        { name: "constant", request: { ...list, url: constant.url }, pid: constant.pid },
        { name: "gateway", request: list, pid: gateway.pid },
      ];
      measured.push(...(await compareSideBySide(contenders, connections, effort)));
    }
    const ours = measured.find(({ name, connections }) => name === "gateway" && connections === 16);
    return {
      table: [LOAD_HEAD, ...measured.map(loadRow)],
      promises: [atMost("tools/list: CPU of a constant", ours?.cpuRatio, 2)],
      notes: [`${Math.round(text.length / 1024)} KiB a list`],
    };
  },
};
