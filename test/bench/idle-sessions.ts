import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readCpuMs, readResidentMb } from "./cpu-time.ts";
import { startEchoSession } from "./echo-process.ts";
import {
  CLIENT_HEADERS,
  type ClientHeaders,
  configure,
  mintKey,
  openGateway,
  untilReady,
} from "./open-gateway.ts";
import { atMost, type Section } from "./section.ts";
import { type Headers, openSession } from "./session-client.ts";

const SESSIONS = 1_000;
/** Of one user; beyond it the oldest would go (src/mcp/session-store.ts). */
const OF_ONE_USER = 500;
const OPENED_AT_ONCE = 20;
const STREAMS = 100;
/** What follows an opening: audit, counters, what an isolate remembers for a few seconds. */
const SETTLE_MS = 6_000;
const SILENCE_MS = 10_000;
const QUIET_PERCENT = 1;

/** What sessions cost while nothing is said in them. */
export const idleSessions: Section = {
  name: "idle",
  title: `${SESSIONS} sessions in which nothing happens for ${SILENCE_MS / 1_000} s`,
  async run({ bundle, cleanup }) {
    const backend = `${await startEchoSession(cleanup)}/mcp`;
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, { session: { type: "http", url: backend } });
    await untilReady(gateway, 1);
    const { pid } = gateway;
    const url = `${gateway.url}/mcp/session`;

    const empty = await beSilent(pid);
    const opened: Headers[] = [];
    for (const user of [CLIENT_HEADERS, await mintKey(gateway, "second")]) {
      opened.push(...(await openMany(url, user)));
    }
    const idle = await beSilent(pid);
    const listening = opened.slice(-STREAMS).map((headers) => listen(url, headers));
    cleanup.defer(() => listening.forEach(({ stop }) => stop()));
    await Promise.all(listening.map(({ opened: isOpen }) => isOpen));
    const streaming = await beSilent(pid);
    const stillOpen = listening.filter(({ isOpen }) => isOpen()).length;

    const row = (name: string, { share, residentMb }: Silence): readonly string[] => [
      name,
      share === undefined ? "-" : (share * 100).toFixed(2),
      residentMb?.toFixed(0) ?? "-",
      residentMb === undefined || empty.residentMb === undefined
        ? "-"
        : (residentMb - empty.residentMb).toFixed(0),
    ];
    return {
      table: [
        ["", "% of a core", "MB", "more MB"],
        row("no session", empty),
        row(`${opened.length} sessions`, idle),
        row(`${stillOpen} of them with a stream`, streaming),
      ],
      promises: [
        atMost(
          `${SESSIONS} idle sessions, % of a core`,
          idle.share === undefined ? undefined : idle.share * 100,
          QUIET_PERCENT,
        ),
        {
          promise: `${STREAMS} streams stay open in silence`,
          measured: String(stillOpen),
          holds: stillOpen === STREAMS,
        },
      ],
    };
  },
};

type Silence = Readonly<{ share: number | undefined; residentMb: number | undefined }>;

async function beSilent(pid: number): Promise<Silence> {
  await sleep(SETTLE_MS);
  const before = readCpuMs(pid);
  const started = performance.now();
  await sleep(SILENCE_MS);
  const after = readCpuMs(pid);
  const share =
    before === undefined || after === undefined
      ? undefined
      : (after - before) / (performance.now() - started);
  return { share, residentMb: readResidentMb(pid) };
}

async function openMany(url: string, headers: ClientHeaders): Promise<readonly Headers[]> {
  const opened: Headers[] = [];
  while (opened.length < OF_ONE_USER) {
    const some = Array.from({ length: OPENED_AT_ONCE }, () =>
      openSession(url, { headers, capabilities: { elicitation: {} } }),
    );
    opened.push(...(await Promise.all(some)));
  }
  return opened;
}

/** The GET stream of a session, read and otherwise left alone. */
function listen(
  url: string,
  headers: Headers,
): Readonly<{ opened: Promise<void>; isOpen: () => boolean; stop: () => void }> {
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  let isOpen = false;
  const sent = request(url, { headers: { ...headers, accept: "text/event-stream" }, agent: false });
  sent.on("error", reject);
  sent.on("response", (response) => {
    if (response.statusCode !== 200) return reject(new Error(`GET: ${response.statusCode}`));
    isOpen = true;
    response.on("close", () => (isOpen = false));
    response.resume();
    resolve();
  });
  sent.end();
  return { opened, isOpen: () => isOpen, stop: () => sent.destroy() };
}
