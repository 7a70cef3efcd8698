import { request } from "node:http";
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
import { measureSilence, type Silence } from "./silence.ts";

const SESSIONS = 1_000;
/** Of one user; beyond it the oldest would go (src/mcp/session-store.ts). */
const OF_ONE_USER = 500;
const OPENED_AT_ONCE = 20;
const STREAMS = 100;
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

    const empty = await measureSilence(pid, SILENCE_MS);
    const opened: Headers[] = [];
    for (const user of [CLIENT_HEADERS, await mintKey(gateway, "second")]) {
      opened.push(...(await openMany(url, user)));
    }
    const idle = await measureSilence(pid, SILENCE_MS);
    const listening = opened.slice(-STREAMS).map((headers) => listen(url, headers));
    cleanup.defer(() => listening.forEach(({ stop }) => stop()));
    await Promise.all(listening.map(({ opened: isOpen }) => isOpen));
    const streaming = await measureSilence(pid, SILENCE_MS);
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
