import { once } from "node:events";
import { buildWorker } from "./build-worker.ts";
import { type ChatTarget, openChat, readChat } from "./chat-client.ts";
import { readResidentMb } from "./cpu-time.ts";
import { startChunkSource } from "./echo-process.ts";
import { measureFlows, median } from "./measure-throughput.ts";
import { CLIENT_HEADERS, openGateway } from "./open-gateway.ts";
import { blindProxy, byteRelay, openScript, openWorker } from "./open-worker.ts";
import { atMost, type BenchContext, type Promised, type Section } from "./section.ts";
import { compareSideBySide, type FlowContender, type Measured } from "./side-by-side.ts";

/** So long that what a request costs before its first chunk is a few hundredths of the whole. */
const FLOWS = [
  { perWrite: 1, chunks: 4_000 },
  { perWrite: 20, chunks: 20_000 },
];
const FIRST_TOKENS = 40;
const STREAMS = 50;
/** What a slow reader leaves unread stays with its provider but for the buffers on the way. */
const MAX_GROWTH_MB = 64;

type Flow = (typeof FLOWS)[number];
type Lane = ChatTarget & Readonly<{ name: string; pid: number }>;

/** Answers of a language model on their way through, beside ways that do less and one that does more. */
export const chatStreams: Section = {
  name: "chat",
  title: `a model's answer, ${FLOWS.map(({ perWrite, chunks }) => `${chunks} chunks at ${perWrite}`).join(" or ")} per write of the provider`,
  async run(context) {
    const source = await startChunkSource(context.cleanup);
    const lanes = await openLanes(source, context);
    const table: (readonly string[])[] = [
      ["", "per write", "answers/s", "ratio", "CPU µs/chunk", "CPU ratio"],
    ];
    const promises: Promised[] = [];
    for (const flow of FLOWS) {
      const { perWrite } = flow;
      const measured = await compareSideBySide(
        lanes.map((lane) => contenderOf(lane, modelOf(flow))),
        1,
        context.effort,
      );
      for (const one of measured) table.push(rowOf(one, flow));
      for (const { name, cpuRatio } of measured.filter((one) => one.name.startsWith("gateway"))) {
        promises.push(
          atMost(`${name}, ${perWrite} per write: CPU beside a byte relay`, cpuRatio, 1.15),
        );
      }
    }
    for (const lane of lanes) {
      const ms = await firstTokenMs(lane);
      table.push([`${lane.name}, first token`, "", `${ms.toFixed(2)} ms`, "", "", ""]);
      if (lane.name.startsWith("gateway")) {
        promises.push(atMost(`${lane.name}: first token after it was sent, ms`, ms, 5));
      }
    }
    for (const lane of lanes.filter(({ name }) => name.startsWith("gateway"))) {
      const { growthMb, unread } = await slowReader(lane, source);
      promises.push(
        atMost(
          `${lane.name}: ${STREAMS} streams and a slow reader, memory in MB`,
          growthMb,
          MAX_GROWTH_MB,
        ),
        atMost(
          `${lane.name}: MB taken from the provider for the slow reader`,
          unread,
          MAX_GROWTH_MB,
        ),
      );
    }
    return { table, promises };
  },
};

async function openLanes(
  source: string,
  { bundle, cleanup }: BenchContext,
): Promise<readonly Lane[]> {
  const address = `${source}/v1/chat/completions`;
  const variables = { SOURCE: address };
  const lanes: Lane[] = [];
  const plain = (name: string): string => name;
  const add = (name: string, { url, pid, stop }: Awaited<ReturnType<typeof openWorker>>): void => {
    cleanup.defer(stop);
    lanes.push({ name, url, pid, model: plain });
  };
  add("byte relay in JavaScript", await openScript(byteRelay(address)));
  add("raw pipe", await openScript(blindProxy(address)));
  add(
    "gateway's raw relay alone",
    await openWorker(await buildWorker("relay-worker.ts"), { variables }),
  );
  add("ai SDK", await openWorker(await buildWorker("ai-worker.ts"), { variables }));

  const gateway = await openGateway(bundle);
  cleanup.defer(gateway.stop);
  const outcome = await gateway.client.putConfig(
    JSON.stringify({
      mcpServers: { time: { builtin: "time" } },
      llm: {
        providers: {
          source: {
            baseUrl: `${source}/v1`,
            models: [...FLOWS.map(modelOf), "first", "paced", "flood"],
          },
        },
      },
    }),
  );
  if (outcome.kind !== "accepted") throw new Error(`config ${outcome.kind}: ${outcome.message}`);
  const { pid } = gateway;
  const url = `${gateway.url}/v1/chat/completions`;
  const headers = { authorization: CLIENT_HEADERS.authorization };
  lanes.push(
    { name: "gateway, raw", url, pid, headers, model: (name) => `raw/source/${name}` },
    { name: "gateway, with tools", url, pid, headers, model: (name) => `source/${name}` },
  );
  return lanes;
}

function modelOf({ perWrite, chunks }: Flow): string {
  return `per-${perWrite}-${chunks}`;
}

function contenderOf(lane: Lane, model: string): FlowContender {
  return {
    name: lane.name,
    pid: lane.pid,
    measure: (connections, durationMs) =>
      measureFlows(
        Array.from({ length: connections }, () => () => readChat(lane, model)),
        durationMs,
      ),
  };
}

function rowOf(
  { name, perSecond, throughputRatio, cpuUs, cpuRatio }: Measured,
  { perWrite, chunks }: Flow,
): readonly string[] {
  return [
    name,
    String(perWrite),
    perSecond.toFixed(1),
    throughputRatio.toFixed(2),
    cpuUs === undefined ? "-" : (cpuUs / chunks).toFixed(1),
    cpuRatio === undefined ? "-" : cpuRatio.toFixed(2),
  ];
}

/** From the provider's write to the client's read, on one clock. */
async function firstTokenMs(lane: Lane): Promise<number> {
  const waits: number[] = [];
  for (let round = 0; round < FIRST_TOKENS; round += 1) {
    await readChat(lane, "first", (text) => {
      const sent = /"content":"(\d+\.?\d*)"/.exec(text)?.[1];
      if (sent !== undefined) waits.push(performance.timeOrigin + performance.now() - Number(sent));
    });
  }
  return median(waits);
}

/** Many streams go on while one client reads nothing of an answer without end. */
async function slowReader(
  lane: Lane,
  source: string,
): Promise<Readonly<{ growthMb: number; unread: number }>> {
  const before = readResidentMb(lane.pid) ?? NaN;
  const slow = await openChat(lane, "flood");
  slow.pause();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, readResidentMb(lane.pid) ?? 0);
  }, 50);
  await Promise.all(Array.from({ length: STREAMS - 1 }, () => readChat(lane, "paced")));
  clearInterval(watch);
  const taken = Number(await (await fetch(`${source}/flooded`)).text());
  const closed = once(slow, "close");
  slow.destroy();
  await closed;
  return { growthMb: peak - before, unread: taken / (1_024 * 1_024) };
}
