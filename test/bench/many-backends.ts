import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEcho } from "./echo-process.ts";
import { type BackendEntries, configure, openGateway, untilReady } from "./open-gateway.ts";
import { answerOf, rpc } from "./rpc-load.ts";
import type { Section } from "./section.ts";

const BACKENDS = 50;
const TOOLS = 20;
const HUNG = 5;
/** Longer than any client waits for its first list. */
const SOON_MS = 3_000;
/** A start that knows its listings asks nobody. */
const KNOWN_MS = 1_000;

/** How long the first list takes when some of many backends accept connections and say nothing. */
export const manyBackends: Section = {
  name: "many",
  title: `tools/list over ${BACKENDS} backends with ${TOOLS} tools each, ${HUNG} of them hung`,
  async run({ bundle, cleanup }) {
    const origin = await startEcho(cleanup);
    const names = Array.from({ length: BACKENDS }, (_, index) => `b${index}`);
    const entries: BackendEntries = Object.fromEntries(
      names.map((name) => [name, { type: "http", url: `${origin}/mcp/${name}/${TOOLS}` }]),
    );
    const hang = (hung: readonly string[]): Promise<Response> =>
      fetch(`${origin}/hang`, { method: "POST", body: JSON.stringify(hung) });
    const hung = names.filter((_, index) => index % (BACKENDS / HUNG) === 0);

    await hang(hung);
    const fresh = await openGateway(bundle);
    cleanup.defer(fresh.stop);
    await configure(fresh, entries);
    const first = await timeList(fresh.url);
    await untilReady(fresh, BACKENDS - HUNG);
    const later = await timeList(fresh.url);

    const state = await mkdtemp(join(tmpdir(), "bench-many-"));
    cleanup.defer(() => rm(state, { recursive: true, force: true }));
    await hang([]);
    const before = await openGateway(bundle, state);
    try {
      await configure(before, entries);
      await untilReady(before, BACKENDS);
    } finally {
      await before.stop();
    }
    await hang(hung);
    const cold = await openGateway(bundle, state);
    cleanup.defer(cold.stop);
    const known = await timeList(cold.url);

    const row = (name: string, { ms, tools }: Listed): readonly string[] => [
      name,
      ms.toFixed(0),
      String(tools),
    ];
    return {
      table: [
        ["first list", "ms", "tools"],
        row("right after configuring", first),
        row("once all others are ready", later),
        row("cold start, listings known", known),
      ],
      promises: [
        {
          promise: `first list after configuring within ${SOON_MS} ms, without the hung ones only`,
          measured: `${first.ms.toFixed(0)} ms, ${first.tools} tools`,
          holds: first.ms <= SOON_MS && first.tools === (BACKENDS - HUNG) * TOOLS,
        },
        {
          promise: `first list after a cold start within ${KNOWN_MS} ms, complete`,
          measured: `${known.ms.toFixed(0)} ms, ${known.tools} tools`,
          holds: known.ms <= KNOWN_MS && known.tools === BACKENDS * TOOLS,
        },
      ],
    };
  },
};

type Listed = Readonly<{ ms: number; tools: number }>;

async function timeList(origin: string): Promise<Listed> {
  const started = performance.now();
  const text = await answerOf(rpc(`${origin}/mcp`, "tools/list"));
  const ms = performance.now() - started;
  return { ms, tools: text.split('"inputSchema":').length - 1 };
}
