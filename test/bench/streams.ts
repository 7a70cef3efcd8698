import { readCpuMs } from "./cpu-time.ts";
import { startEchoSession } from "./echo-process.ts";
import { median } from "./measure-throughput.ts";
import { CLIENT_HEADERS, configure, openGateway, untilReady } from "./open-gateway.ts";
import type { Section } from "./section.ts";
import { type Headers, openSession, post, resultText } from "./session-client.ts";

const STREAMS = 100;
const EVENTS = 40;
const EVERY_MS = 50;
const WANTED = `Counted to ${EVENTS}`;

type Lane = Readonly<{ name: string; url: string; pid: number; headers: readonly Headers[] }>;
type Sample = Readonly<{ complete: number; events: number; ms: number; cpuUs: number }>;

/** Many calls at once that report progress all the time. */
export const streams: Section = {
  name: "streams",
  title: `${STREAMS} calls at once, each with progress every ${EVERY_MS} ms for ${(EVENTS * EVERY_MS) / 1_000} s`,
  async run({ bundle, effort, cleanup }) {
    const backend = `${await startEchoSession(cleanup)}/mcp`;
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    await configure(gateway, { session: { type: "http", url: backend } });
    await untilReady(gateway, 1);
    const url = `${gateway.url}/mcp/session`;

    const each = Array.from({ length: STREAMS }, (_, index) => index);
    const open = (where: string): Promise<readonly Headers[]> =>
      Promise.all(each.map(() => openSession(where, { capabilities: { elicitation: {} } })));
    const lanes: readonly Lane[] = [
      { name: "no gateway", url: backend, pid: 0, headers: await open(backend) },
      { name: "no session", url, pid: gateway.pid, headers: each.map(() => CLIENT_HEADERS) },
      { name: "sessions, may be asked", url, pid: gateway.pid, headers: await open(url) },
    ];
    const samples = new Map<Lane, Sample[]>(lanes.map((lane) => [lane, []]));
    // The first calls of a session also connect it to the backend.
    for (const lane of lanes) await countAll(lane, 1);
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const lane of lanes) samples.get(lane)?.push(await countAll(lane, EVENTS));
    }

    const of = (lane: Lane | undefined, pick: (sample: Sample) => number): number =>
      median((lane === undefined ? [] : (samples.get(lane) ?? [])).map(pick));
    const [direct] = lanes;
    const row = (lane: Lane): readonly string[] => {
      const cpuUs = of(lane, (sample) => sample.cpuUs);
      return [
        lane.name,
        String(of(lane, ({ complete }) => complete)),
        String(of(lane, ({ events }) => events)),
        of(lane, ({ ms }) => ms).toFixed(0),
        (of(lane, ({ ms }) => ms) / of(direct, ({ ms }) => ms)).toFixed(2),
        Number.isFinite(cpuUs) ? cpuUs.toFixed(0) : "-",
      ];
    };
    const through = lanes.slice(1).flatMap((lane) => samples.get(lane) ?? []);
    const whole = through.filter(
      ({ complete, events }) => complete === STREAMS && events === STREAMS * EVENTS,
    );
    return {
      table: [["", "answers", "events", "ms", "ratio", "CPU µs/event"], ...lanes.map(row)],
      promises: [
        {
          promise: `${STREAMS} calls at once: every event and every answer arrives, in every round`,
          measured: `${whole.length} of ${through.length} rounds`,
          holds: whole.length === through.length,
        },
      ],
    };
  },
};

async function countAll({ url, pid, headers }: Lane, events: number): Promise<Sample> {
  const before = readCpuMs(pid) ?? NaN;
  const started = performance.now();
  const counts = await Promise.all(
    headers.map((own, index) => countOne(url, { headers: own, id: index + 1, events })),
  );
  const ms = performance.now() - started;
  const heard = counts.reduce((sum, count) => sum + count.events, 0);
  const cpuUs = (((readCpuMs(pid) ?? NaN) - before) * 1_000) / heard;
  return { complete: counts.filter(({ isWhole }) => isWhole).length, events: heard, ms, cpuUs };
}

async function countOne(
  url: string,
  { headers, id, events }: Readonly<{ headers: Headers; id: number; events: number }>,
): Promise<Readonly<{ events: number; isWhole: boolean }>> {
  let heard = 0;
  let text: string | undefined;
  await post(url, {
    headers,
    message: {
      id,
      method: "tools/call",
      params: {
        name: "count",
        arguments: { events, everyMs: EVERY_MS },
        _meta: { progressToken: `p${id}` },
      },
    },
    hear: (message) => {
      if (message["method"] === "notifications/progress") heard += 1;
      else text = resultText(message);
    },
  });
  return { events: heard, isWhole: text === WANTED };
}
