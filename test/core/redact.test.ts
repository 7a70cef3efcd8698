import { expect, test } from "vitest";
import { MASK, maskUrl, redactText } from "../../src/core/redact.ts";

test("takes out credentials and addresses that hold one", () => {
  expect(redactText("Bearer abcdefgh12345678 is bad", 100)).toBe(`Bearer ${MASK} is bad`);
  expect(redactText("at https://host/token/abc?key=1", 100)).toBe(
    `at https://host/token/${MASK}?key=${MASK}`,
  );
});

test("needs no time by the square of what a stranger writes", () => {
  const word = "1".repeat(2_000_000);
  expect(redactText(`https://host/${word}!`, 100)).toBe(`https://host/${MASK}`);
  expect(maskUrl(`https://host/${word}!`)).toBe(`https://host/${MASK}`);
});

test("bounds a text, and leaves no credential where it is cut", () => {
  const key = `sk-${"a".repeat(500)}`;
  expect(redactText(`${"x ".repeat(45)}${key}`, 100)).toBe(`${"x ".repeat(45)}${MASK}`);
  expect(redactText("y".repeat(200_000), 100)).toBe(`${"y".repeat(100)}…`);
});
