import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPort } from "../../src/command/listen-address.ts";
import { openLocalRuntime } from "../../src/command/local-runtime.ts";
import { findChildren } from "../../src/shell/orphan-guard.ts";
import type { WorkerBundle } from "../../src/command/worker-bundle.ts";

export type OpenedWorker = Readonly<{ url: string; pid: number; stop: () => Promise<void> }>;

const DATE = "2026-10-01";

/** A Worker on the host that `npm start` uses. One at a time: the process is found by comparing. */
export async function openWorker(
  bundle: WorkerBundle,
  { variables = {}, state }: { variables?: Readonly<Record<string, string>>; state?: string } = {},
): Promise<OpenedWorker> {
  const folder = state ?? (await mkdtemp(join(tmpdir(), "bench-state-")));
  const before = new Set(findChildren("workerd"));
  const port = await claimPort("127.0.0.1", 0);
  const url = `http://127.0.0.1:${port}`;
  const runtime = await openLocalRuntime({
    bundle,
    variables: { PUBLIC_URL: url, ...variables },
    host: "127.0.0.1",
    port,
    state: folder,
    onLog: (_, message) => console.error(message),
  });
  const pid = findChildren("workerd").find((child) => !before.has(child)) ?? 0;
  return {
    url,
    pid,
    stop: async () => {
      await runtime.stop();
      if (state === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same for a Worker of a few lines, and the class of an object it may have as `env.HOP`. */
export async function openScript(source: string, className?: string): Promise<OpenedWorker> {
  const folder = await mkdtemp(join(tmpdir(), "bench-worker-"));
  await writeFile(join(folder, "index.js"), source);
  const worker = await openWorker({
    folder,
    main: "index.js",
    settings: {
      name: "bench",
      compatibilityDate: DATE,
      compatibilityFlags: [],
      vars: {},
      kv: [],
      objects: className === undefined ? [] : [{ binding: "HOP", className, sqlite: true }],
    },
  });
  await rm(folder, { recursive: true, force: true });
  return worker;
}

/**
 * A proxy that looks at nothing: the least a gateway on this platform can cost. It goes out the way
 * the gateway does, through the host's own door where there is one.
 */
export function blindProxy(backend: string): string {
  return `const BACKEND = ${JSON.stringify(backend)};
export default {
  fetch: (request, { OUTBOUND }) =>
    OUTBOUND === undefined ? fetch(BACKEND, request) : OUTBOUND.fetch(BACKEND, request),
};`;
}

/** Reads and writes a stream in JavaScript, and looks at nothing of it. */
export function byteRelay(backend: string): string {
  return `const BACKEND = ${JSON.stringify(backend)};
async function relay(reader, writer) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return writer.close();
    await writer.write(value);
  }
}
export default {
  async fetch(request, { OUTBOUND }, execution) {
    const init = { method: "POST", body: await request.text() };
    const answer = await (OUTBOUND === undefined ? fetch(BACKEND, init) : OUTBOUND.fetch(BACKEND, init));
    const { readable, writable } = new IdentityTransformStream();
    execution.waitUntil(relay(answer.body.getReader(), writable.getWriter()));
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  },
};`;
}

/** The same through a Durable Object, `Hop`: the least a hop to one can cost. */
export function blindHop(backend: string): string {
  return `import { DurableObject } from "cloudflare:workers";
const BACKEND = ${JSON.stringify(backend)};
export class Hop extends DurableObject {
  fetch(request) {
    const { OUTBOUND } = this.env;
    return OUTBOUND === undefined ? fetch(BACKEND, request) : OUTBOUND.fetch(BACKEND, request);
  }
}
export default { fetch: (request, { HOP }) => HOP.getByName("one").fetch(request) };`;
}

/** Answers the same bytes to everybody. */
export function constantAnswer(body: string): string {
  return `const BODY = ${JSON.stringify(body)};
export default {
  async fetch(request) {
    await request.text();
    return new Response(BODY, { headers: { "content-type": "application/json" } });
  },
};`;
}
