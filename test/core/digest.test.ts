import { expect, test } from "vitest";
import { randomToken, secretsEqual, sha256Hex } from "../../src/core/digest.ts";

test("hashes a text as hex", async () => {
  expect(await sha256Hex("abc")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("compares secrets of different length without throwing", async () => {
  expect(await secretsEqual("short", "a much longer secret")).toBe(false);
  expect(await secretsEqual("same", "same")).toBe(true);
});

test("makes tokens of 43 url-safe characters from 32 bytes", () => {
  const token = randomToken(32);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(randomToken(32)).not.toBe(token);
});
