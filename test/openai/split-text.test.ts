import { expect, test } from "vitest";
import { splitText } from "../../src/openai/split-text.ts";

test("keeps short text whole and nothing for nothing", () => {
  expect([...splitText("short")]).toEqual(["short"]);
  expect([...splitText("")]).toEqual([]);
});

test("splits long text into pieces under 16 KiB of JSON that join to the same", () => {
  for (const letter of ["a", "ü", "漢", "😀", "\u0001", '"']) {
    const text = letter.repeat(50_000);
    const pieces = [...splitText(text)];
    expect(pieces.join("")).toBe(text);
    const sizes = pieces.map((piece) => new TextEncoder().encode(JSON.stringify(piece)).length);
    expect(Math.max(...sizes)).toBeLessThan(16 * 1024);
  }
});

test("never cuts inside a code point", () => {
  const text = `a${"😀".repeat(20_000)}`;
  expect([...splitText(text)].every((piece) => piece.isWellFormed())).toBe(true);
});
