import { readCpuMs } from "./cpu-time.ts";
import { startEcho } from "./echo-process.ts";
import { type BackendEntries, configure, openGateway, untilReady } from "./open-gateway.ts";
import { answerOf, callTool } from "./rpc-load.ts";
import { atMost, type Section } from "./section.ts";

const BACKENDS = 50;
const TOOLS = 100;
const OBJECT_MS = 20;
const TRIES = 60;

const QUESTIONS = [
  "list unpaid invoices",
  "create a calendar event",
  "delete the backup of a disk",
  "which customers have open orders",
  "turn on the light automation",
  "archive_ticket_8",
];
/** Every word is one that all tools have. */
const COMMON = "use returns status owner dates fails locked belongs number together one each";
const MISSPELT = "invocie custmoer pyament";

/** How long the object takes to find tools among thousands, and what surrounds it. */
export const searchTools: Section = {
  name: "search",
  title: `search_tools over ${BACKENDS * TOOLS} tools of ${BACKENDS} backends, one client after another`,
  async run({ bundle, effort, cleanup }) {
    const origin = await startEcho(cleanup);
    const gateway = await openGateway(bundle);
    cleanup.defer(gateway.stop);
    const names = Array.from({ length: BACKENDS }, (_, index) => `b${index}`);
    const entries: BackendEntries = Object.fromEntries(
      names.map((name) => [name, { type: "http", url: `${origin}/varied/${name}/${TOOLS}` }]),
    );
    await configure(gateway, entries);
    await untilReady(gateway, BACKENDS);

    const url = `${gateway.url}/mcp?mode=search`;
    const named = (name: string, args: object) => () => answerOf(callTool(url, name, args));
    const search = (query: string) => named("search_tools", { query });
    const beside = named("list_mcp_servers", {});
    const tries = Math.min(TRIES, effort.rounds * 12);

    const first = await timed(search("warm up the index"), 1, gateway.pid);
    await timed(beside, tries, gateway.pid);
    const plain = await timed(beside, tries, gateway.pid);
    const asked: Timed[] = [];
    for (const question of QUESTIONS) {
      asked.push(await timed(search(question), tries, gateway.pid));
    }
    const usual = {
      p50: middle(asked.map(({ p50 }) => p50)),
      p95: Math.max(...asked.map(({ p95 }) => p95)),
      cpu: middle(asked.map(({ cpu }) => cpu)),
    };
    const misspelt = await timed(search(MISSPELT), tries, gateway.pid);
    const common = await timed(search(COMMON), tries, gateway.pid);
    const row = (name: string, { p50, p95, cpu }: Timed): readonly string[] => [
      name,
      p50.toFixed(1),
      p95.toFixed(1),
      Math.max(0, p50 - plain.p50).toFixed(1),
      cpu.toFixed(1),
    ];
    return {
      table: [
        ["", "p50 ms", "p95 ms", "above the first", "CPU ms"],
        row("list_mcp_servers: the same way, no object", plain),
        row(`search_tools, ${QUESTIONS.length} questions`, usual),
        row("three misspelt words", misspelt),
        row("twelve words that every tool has", common),
        row("the first, with indexing all", first),
      ],
      promises: [
        atMost("search: object time of a question, CPU ms", usual.cpu - plain.cpu, OBJECT_MS),
        atMost("search: object time of a wordy one, CPU ms", common.cpu - plain.cpu, 2 * OBJECT_MS),
      ],
      notes: ["CPU is of the whole process: Worker, object and storage"],
    };
  },
};

type Timed = Readonly<{ p50: number; p95: number; cpu: number }>;

async function timed(ask: () => Promise<string>, tries: number, pid: number): Promise<Timed> {
  const times: number[] = [];
  const before = readCpuMs(pid) ?? 0;
  for (let round = 0; round < tries; round += 1) {
    const started = performance.now();
    await ask();
    times.push(performance.now() - started);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    p50: middle(times),
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    cpu: ((readCpuMs(pid) ?? 0) - before) / tries,
  };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
