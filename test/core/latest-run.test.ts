import { afterEach, expect, test, vi } from "vitest";
import { latestRun } from "../../src/core/latest-run.ts";

afterEach(() => void vi.useRealTimers());

function createWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const run = latestRun(() => {
    const one = Promise.withResolvers<void>();
    runs.push(one);
    return one.promise;
  });
  return { runs, run };
}

test("runs once more for all who ask while it runs", async () => {
  const { runs, run } = createWork();
  const first = run();
  const later = [run(), run(), run()];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await first;
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  runs[1]?.resolve();
  await Promise.all(later);
  expect(runs).toHaveLength(2);
});

test("tells those who asked for a run how it went, and runs on", async () => {
  const { runs, run } = createWork();
  const first = run();
  const second = run();
  runs[0]?.reject(new Error("once"));
  await expect(first).rejects.toThrow("once");
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  runs[1]?.resolve();
  await second;
});

test("begins anew when a run was cut off and never ends", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { runs, run } = createWork();
  void run();
  void run();
  vi.setSystemTime(Date.now() + 60_000);
  void run();
  expect(runs).toHaveLength(1);
  vi.setSystemTime(Date.now() + 61_000);
  void run();
  expect(runs).toHaveLength(2);
});
