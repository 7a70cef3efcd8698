import { expect, test } from "vitest";
import { LineReader } from "../../src/shell/line-reader.ts";

function reading(limit: number): { reader: LineReader; seen: unknown[] } {
  const seen: unknown[] = [];
  const reader = new LineReader(limit, {
    onLine: (line) => seen.push(line),
    onTooLong: (head, tail) => seen.push({ head: head.length, tail: tail.slice(-3) }),
  });
  return { reader, seen };
}

test("joins lines out of chunks, wherever they are cut", () => {
  const { reader, seen } = reading(100);
  for (const chunk of ["a", "b\nc", "\n\nd\r", "\ne"]) reader.read(chunk);
  expect(seen).toEqual(["ab", "c", "", "d"]);
  reader.end();
  expect(seen.at(-1)).toBe("e");
});

test("passes over a line that is too long, and reads the next one", () => {
  const { reader, seen } = reading(5_000);
  for (let count = 0; count < 100; count += 1) reader.read("x".repeat(1_000));
  reader.read("end\nnext\n");
  expect(seen).toEqual([{ head: 1_024, tail: "end" }, "next"]);
});

test("takes a line that just fits", () => {
  const { reader, seen } = reading(3);
  reader.read("abc\nabcd\n");
  expect(seen).toEqual(["abc", { head: 4, tail: "bcd" }]);
});
