import { readCpuMs } from "./cpu-time.ts";
import { startEchoSession } from "./echo-process.ts";
import { median } from "./measure-throughput.ts";
import { CLIENT_HEADERS, configure, openGateway, untilReady } from "./open-gateway.ts";
import type { Promised, Section } from "./section.ts";
import { type Headers, openSession, post, resultText } from "./session-client.ts";

const STREAMS = 100;
const PACED = { events: 40, everyMs: 50 };
/** In one write of the backend, as a tool that logs much does. */
const AT_ONCE = { events: 100, everyMs: 0 };

type Lane = Readonly<{ name: string; url: string; pid: number; headers: readonly Headers[] }>;
type Pace = Readonly<{ events: number; everyMs: number }>;
type Sample = Readonly<{ complete: number; events: number; ms: number; cpuUs: number }>;

/** Many calls at once that report progress all the time. */
export const streams: Section = {
  name: "streams",
  title: `${STREAMS} calls at once, each with ${PACED.events} events, one every ${PACED.everyMs} ms, or ${AT_ONCE.events} in one write`,
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
    // The first calls of a session also connect it to the backend.
    for (const lane of lanes) await countAll(lane, { events: 1, everyMs: 0 });
    const table: (readonly string[])[] = [["", "answers", "events", "ms", "ratio", "CPU µs/event"]];
    const promises: Promised[] = [];
    for (const [name, pace] of [
      ["paced", PACED],
      ["in one write", AT_ONCE],
    ] as const) {
      const samples = new Map<Lane, Sample[]>(lanes.map((lane) => [lane, []]));
      for (let round = 0; round < effort.rounds; round += 1) {
        for (const lane of lanes) samples.get(lane)?.push(await countAll(lane, pace));
      }
      const [direct = []] = samples.values();
      for (const [lane, own] of samples) table.push(row(`${lane.name}, ${name}`, own, direct));
      const through = [...samples.values()].slice(1).flat();
      const whole = through.filter(
        ({ complete, events }) => complete === STREAMS && events === STREAMS * pace.events,
      );
      promises.push({
        promise: `${STREAMS} calls at once, events ${name}: all events and answers arrive in every round`,
        measured: `${whole.length} of ${through.length} rounds`,
        holds: whole.length === through.length,
      });
    }
    return { table, promises };
  },
};

function row(name: string, own: readonly Sample[], direct: readonly Sample[]): readonly string[] {
  const of = (pick: (sample: Sample) => number, samples = own): number => median(samples.map(pick));
  const ms = of((sample) => sample.ms);
  const cpuUs = of((sample) => sample.cpuUs);
  return [
    name,
    String(of(({ complete }) => complete)),
    String(of(({ events }) => events)),
    ms.toFixed(0),
    (ms / of((sample) => sample.ms, direct)).toFixed(2),
    Number.isFinite(cpuUs) ? cpuUs.toFixed(0) : "-",
  ];
}

async function countAll({ url, pid, headers }: Lane, pace: Pace): Promise<Sample> {
  const before = readCpuMs(pid) ?? NaN;
  const started = performance.now();
  const counts = await Promise.all(
    headers.map((own, index) => countOne(url, { headers: own, id: index + 1, pace })),
  );
  const ms = performance.now() - started;
  const heard = counts.reduce((sum, count) => sum + count.events, 0);
  const cpuUs = (((readCpuMs(pid) ?? NaN) - before) * 1_000) / heard;
  return { complete: counts.filter(({ isWhole }) => isWhole).length, events: heard, ms, cpuUs };
}

async function countOne(
  url: string,
  { headers, id, pace }: Readonly<{ headers: Headers; id: number; pace: Pace }>,
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
        arguments: pace,
        _meta: { progressToken: `p${id}` },
      },
    },
    hear: (message) => {
      if (message["method"] === "notifications/progress") heard += 1;
      else text = resultText(message);
    },
  });
  return { events: heard, isWhole: text === `Counted to ${pace.events}` };
}
