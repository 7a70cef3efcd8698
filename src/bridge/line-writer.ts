import type { Writable } from "node:stream";

export type LineWriter = Readonly<{
  /** Whole lines only; resolves when the reader keeps up. */
  write: (line: string) => Promise<void> | void;
  /** Until everything is out, or the reader has had its time. */
  flush: (withinMs: number) => Promise<void>;
}>;

/** `onGone`: nobody reads any more. */
export function createLineWriter(stream: Writable, onGone: () => void): LineWriter {
  let draining: Promise<void> | undefined;
  stream.on("error", onGone);

  function waitForDrain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.once("drain", () => {
      draining = undefined;
      resolve();
    });
    return promise;
  }

  return {
    write: (line) => {
      if (stream.destroyed || stream.write(`${line}\n`)) return undefined;
      draining ??= waitForDrain();
      return draining;
    },
    flush: async (withinMs) => {
      if (stream.destroyed || stream.writableLength === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      stream.write("", () => resolve());
      stream.once("close", resolve);
      await promise;
      clearTimeout(timer);
    },
  };
}
