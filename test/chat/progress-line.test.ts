import { expect, test } from "vitest";
import { progressLine, progressLineEnd } from "../../src/chat/progress-line.ts";

test("is one line that people can read and no markup can leave", () => {
  expect(progressLine("erp.get\n{`a`}  ![x](https://a.test)")).toBe(
    "\n\n> ⚙ `erp.get {'a'} ![x](https://a.test)` ⚙\n\n",
  );
});

test("is bounded, and never empty", () => {
  expect(progressLine("😀".repeat(500)).length).toBeLessThan(220);
  expect(progressLine("😀".repeat(500)).isWellFormed()).toBe(true);
  expect(progressLine("` ⚙").trim()).toBe("> ⚙ `' ⚙` ⚙");
  expect(progressLine(" ").trim()).toBe("> ⚙ `…` ⚙");
});

test("is found again at the beginning of a line only", () => {
  const line = progressLine("✓ erp.get 0.4 s").trim();
  expect(progressLineEnd(line, 0)).toBe(line.length);
  expect(progressLineEnd(`a ${line}`, 2)).toBeUndefined();
  expect(progressLineEnd(line.slice(0, -1), 0)).toBeUndefined();
  expect(progressLineEnd(`> ⚙ \`${"x".repeat(500)}\` ⚙`, 0)).toBeUndefined();
  expect(progressLineEnd("> ⚙ `a\nb` ⚙", 0)).toBeUndefined();
});
