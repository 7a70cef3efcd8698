import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLineWriter } from "../../src/bridge/line-writer.ts";

/** A reader that takes one piece whenever it is told to. */
function slowReader(): Readonly<{ stream: Writable; taken: string[]; take: () => void }> {
  const taken: string[] = [];
  let take = (): void => {};
  const stream = new Writable({
    highWaterMark: 10,
    write: (chunk, _, done) => {
      take = () => {
        taken.push(String(chunk));
        done();
      };
    },
  });
  return { stream, taken, take: () => take() };
}

test("lets its callers wait for a reader that is slow, all of them together", async () => {
  const { stream, taken, take } = slowReader();
  const writer = createLineWriter(stream, () => {});
  expect(writer.write("short")).toBeUndefined();
  const waits = [writer.write("longer than that"), writer.write("more")];
  expect(waits[0]).toBeInstanceOf(Promise);
  expect(waits[1]).toBe(waits[0]);
  for (let pieces = 0; pieces < 3; pieces += 1) {
    take();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waits[0];
  expect(taken.join("")).toBe("short\nlonger than that\nmore\n");
});

test("does not wait for ever for a reader that takes nothing more", async () => {
  const { stream } = slowReader();
  const writer = createLineWriter(stream, () => {});
  void writer.write("nobody reads this");
  await writer.flush(20);
  expect(stream.writableLength).toBeGreaterThan(0);
});

test("tells when the reader is gone, and writes nothing more", async () => {
  const { stream } = slowReader();
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const writer = createLineWriter(stream, resolve);
  stream.destroy(new Error("EPIPE"));
  await gone;
  expect(writer.write("late")).toBeUndefined();
});
