import { beforeAll, expect, inject, test, vi } from "vitest";
import { PATIENCE_MS } from "../../src/core/patience.ts";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

/**
 * A client goes away in the middle of a call. The runtime of tests tells the Worker of it as the
 * platform does; a gateway of `npm start` hears of it when it writes. Calls are listened for once
 * they are slow: a legacy backend whose client leaves before that is told nothing.
 */

const WAITED_MS = { timeout: 10_000, interval: 50 };
const { changing } = inject("fixtures");

beforeAll(async () => {
  await configure({
    mcpServers: {
      session: { url: changing.legacySession },
      sse: { type: "sse", url: changing.legacySse },
      modern: { url: changing.modern },
    },
  });
  await awaitReady(["session", "sse", "modern"]);
}, 60_000);

/** How often the tool that never answers was called, and stopped. */
async function heard(url: string): Promise<{ called: number; stopped: number }> {
  const log = await fetch(new URL("/log", url));
  const lines = (await log.json()) as { method: string; params?: { name?: string } }[];
  return {
    called: lines.filter(({ method, params }) => method === "tools/call" && params?.name === "wait")
      .length,
    stopped: lines.filter(({ method }) => method === "aborted").length,
  };
}

test.each([
  ["session", changing.legacySession],
  ["sse", changing.legacySse],
  ["modern", changing.modern],
])(
  "stops the work of %s when its client hangs up",
  async (backend, url) => {
    const before = await heard(url);
    const leaving = new AbortController();
    const call = sendAuthorized(`/${backend}/wait`, { method: "POST", signal: leaving.signal });
    const answered = call.then(() => "answered").catch(() => "left");
    await vi.waitFor(async () => {
      expect((await heard(url)).called).toBe(before.called + 1);
    }, WAITED_MS);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS * 1.5));
    expect((await heard(url)).stopped).toBe(before.stopped);
    leaving.abort();
    expect(await answered).toBe("left");
    await vi.waitFor(async () => {
      expect((await heard(url)).stopped).toBe(before.stopped + 1);
    }, WAITED_MS);
  },
  30_000,
);
