import { afterEach, expect, test, vi } from "vitest";
import { openSseWriter } from "../../src/openai/sse-writer.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("is never silent for a second, because only a write tells that the client has left", async () => {
  vi.useFakeTimers();
  const writer = openSseWriter(() => {});
  const arrivals = [Date.now()];
  const reading = (async () => {
    const reader = writer.readable.getReader();
    while (!(await reader.read()).done) arrivals.push(Date.now());
  })();
  for (const pause of [50, 850, 400, 10, 700, 1_300]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as time passes
    await vi.advanceTimersByTimeAsync(pause);
    // oxlint-disable-next-line no-await-in-loop
    await writer.write(["data: 1\n\n"]);
  }
  await vi.advanceTimersByTimeAsync(2_000);
  await writer.close();
  await reading;
  const silences = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
  expect(silences.length).toBeGreaterThan(6);
  expect(Math.max(...silences)).toBeLessThanOrEqual(900);
});
