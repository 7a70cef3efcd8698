import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { startConnect } from "./connect-process.ts";
import { startEcho } from "./echo-process.ts";
import {
  CLIENT_HEADERS,
  configure,
  openGateway,
  type OpenedGateway,
  untilReady,
} from "./open-gateway.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { atMost, type Section } from "./section.ts";
import { measureSilence, type Silence } from "./silence.ts";

const CONNECTORS = 200;
/** An object that is not needed goes after 10 s, which is work once and not what is looked for. */
const SETTLE_MS = 15_000;
/** Once around: each of them pings every 20 s. */
const SILENCE_MS = 20_000;
const QUIET_PERCENT = 0.5;
const BACK_S = 30;
/** Longer than they may take, to see how long they take. */
const GIVE_UP_MS = 90_000;
const LOOK_MS = 200;

/**
 * Many connections of which nobody wants anything, and their return after the runtime was killed
 * hard. Their servers are addresses, so that the connections are looked at and not 200 processes.
 */
export const connectorCrowd: Section = {
  name: "crowd",
  title: `${CONNECTORS} connectors: idle for ${SILENCE_MS / 1_000} s, and back after a SIGKILL of workerd`,
  async run({ bundle, cleanup }) {
    const echo = await startEcho(cleanup);
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    const names = Array.from({ length: CONNECTORS }, (_, index) => `b${index}`);
    const entries = <Entry>(of: (name: string) => Entry): Record<string, Entry> =>
      Object.fromEntries(names.map((name) => [name, of(name)]));
    await configure(
      gateway,
      entries(() => ({ connector: true })),
    );

    const empty = await measureSilence(gateway.pid, SILENCE_MS, SETTLE_MS);
    const servers = entries((name) => ({ type: "http", url: `${echo}/mcp/${name}/1` }));
    const bringing = await startConnect(gateway, servers, cleanup);
    await untilReady(gateway, CONNECTORS);
    const [idle, outside] = await Promise.all([
      measureSilence(gateway.pid, SILENCE_MS, SETTLE_MS),
      measureSilence(bringing.process.pid ?? 0, SILENCE_MS, SETTLE_MS),
    ]);

    const killedAt = Date.now();
    process.kill(gateway.pid, "SIGKILL");
    const backAfter = await watchReturn(gateway, killedAt);
    const answered = await callEach(gateway, names);
    const seconds = (count: number): string => ((backAfter[count - 1] ?? NaN) / 1_000).toFixed(1);

    const all = (backAfter[CONNECTORS - 1] ?? NaN) / 1_000;
    return {
      table: [
        ["", "% of a core", "MB"],
        row("workerd, nobody connected", empty),
        row(`workerd, ${CONNECTORS} idle connectors`, idle),
        row(`\`connect\` with ${CONNECTORS} servers`, outside),
      ],
      notes: [
        `ready again after: the first ${seconds(1)} s, half ${seconds(CONNECTORS / 2)} s, all ${seconds(CONNECTORS)} s`,
      ],
      promises: [
        atMost(
          `workerd with ${CONNECTORS} idle connectors, % of a core`,
          idle.share === undefined ? undefined : idle.share * 100,
          QUIET_PERCENT,
        ),
        atMost(`s until ${CONNECTORS} connectors are back`, all, BACK_S),
        {
          promise: "each of them answers the next call",
          measured: `${answered} of ${CONNECTORS}`,
          holds: answered === CONNECTORS,
        },
      ],
    };
  },
};

function row(name: string, { share, residentMb }: Silence): readonly string[] {
  return [
    name,
    share === undefined ? "-" : (share * 100).toFixed(2),
    residentMb?.toFixed(0) ?? "-",
  ];
}

const STATUS = z.looseObject({
  backends: z.array(
    z.looseObject({
      state: z.string(),
      connector: z.looseObject({ connectedSince: z.string() }).nullish(),
    }),
  ),
});

/** Milliseconds after which the first, the second … was connected again and ready. */
async function watchReturn(gateway: OpenedGateway, killedAt: number): Promise<readonly number[]> {
  const back: number[] = [];
  while (back.length < CONNECTORS && Date.now() - killedAt < GIVE_UP_MS) {
    await sleep(LOOK_MS);
    const ready = await countReady(gateway, killedAt);
    while (back.length < ready) back.push(Date.now() - killedAt);
  }
  return back;
}

async function countReady({ url }: OpenedGateway, since: number): Promise<number> {
  try {
    const answer = await fetch(`${url}/status`, { headers: CLIENT_HEADERS });
    const { backends } = STATUS.parse(await answer.json());
    const isBack = ({ state, connector }: (typeof backends)[number]): boolean =>
      state === "ready" && Date.parse(connector?.connectedSince ?? "") >= since;
    return backends.filter(isBack).length;
  } catch {
    return 0; // not there yet
  }
}

async function callEach({ url }: OpenedGateway, names: readonly string[]): Promise<number> {
  let answered = 0;
  for (const name of names) {
    try {
      await answerOf(callTool(`${url}/mcp/${name}`, "echo"));
      answered += 1;
    } catch (error) {
      console.error(`${name}:`, error);
    }
  }
  return answered;
}
