import { expect, test } from "vitest";
import { concealSecrets } from "../../src/connector/conceal-secrets.ts";
import { LastWords } from "../../src/connector/last-words.ts";

test("masks the values the server was given, and what looks like a credential", () => {
  const words = new LastWords(concealSecrets(["hunter2-hunter2", "true"]));
  words.read("Error: hunter2-hunter2 is not true, Bearer abcdefghijkl either\n");
  expect(words.reason()).toBe("Error: •••••• is not true, Bearer •••••• either");
});

test("prefers the last line that names an error to what comes after it", () => {
  const words = new LastWords((text) => text);
  words.read("starting\nError: one\nError: two\n    at file.js:1\n\nNode.js v24\n");
  expect(words.reason()).toBe("Error: two");
});

test("forgets all but the last lines, and cuts long ones", () => {
  const words = new LastWords((text) => text);
  words.read("Error: long ago\n");
  for (let count = 0; count < 30; count += 1) words.read(`${"x".repeat(100_000)}\n`);
  expect(words.reason()).toBe(`${"x".repeat(300)}…`);
});

test("shows no colours and no control characters", () => {
  const words = new LastWords((text) => text);
  words.read("\u001b[31mfailed\u001b[0m now\u0007\n");
  expect(words.reason()).toBe("failed now");
  expect(new LastWords((text) => text).reason()).toBeUndefined();
});
