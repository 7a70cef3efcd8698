import { expect, test } from "vitest";
import { MASK } from "../../src/core/redact.ts";
import { jsonLine } from "../../src/telemetry/json-line.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { recordedText } from "../../src/telemetry/recorded-text.ts";

const SECRETS = ["hunter2-hunter2", "sk-abcdefghijklmnop", "mgw_abcdefghijklmnop", "geheim-1234"];

test("masks what looks like a secret, by its name and by its look", () => {
  const text = recordedText(
    JSON.stringify({
      password: "hunter2-hunter2",
      nested: { api_key: "geheim-1234", refreshToken: 123_456 },
      header: "Authorization: Bearer geheim-1234",
      key: "sk-abcdefghijklmnop",
      text: JSON.stringify({ client_secret: 'geheim-1234 with a "quote"', amount: 12 }),
      passphrase: 'begins "here" and ends with geheim-1234',
      twice: JSON.stringify({ inner: JSON.stringify({ secret: 'a "b" geheim-1234', kept: 7 }) }),
      url: "https://user:hunter2-hunter2@example.com/webhook/mgw_abcdefghijklmnop",
      amount: 42,
    }),
  );
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  expect(text).not.toContain("123456");
  expect(text).toContain(MASK);
  expect(text).toContain('"amount":42');
  expect(text).toContain("kept");
  expect(text).toContain('{\\"client_secret\\":\\"••••••\\",\\"amount\\":12}');
  expect(recordedText('{"usage":{"total_tokens":7}}')).toBe('{"usage":{"total_tokens":7}}');
  expect(recordedText('{"token":"geheim')).toBe(`{"token":"${MASK}"`);
});

test("masks a secret that begins within the bound and ends beyond it", () => {
  const padding = "x".repeat(4_000);
  const text = recordedText(JSON.stringify({ padding, password: "geheim".repeat(200) }));
  expect(text).not.toContain("geheim");
  expect(text.length).toBeLessThanOrEqual(4_097);
});

test("needs no more time for megabytes, or for text made to be slow", () => {
  const started = performance.now();
  recordedText(JSON.stringify({ password: `\\"`.repeat(500_000) }));
  for (const piece of ['"a', "\\", '\\"token', '"token" ', '"token":"', '"pin":"\\']) {
    recordedText(piece.repeat(100_000));
  }
  expect(performance.now() - started).toBeLessThan(500);
});

test("logs one line, whatever stands in it", () => {
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line));
  const evil = "a\r\nlevel=error\u001b[31m\u2028b\u202eevil\u009b31m";
  log.info("call", { tool: evil });
  const [line = ""] = lines;
  // oxlint-disable-next-line no-control-regex -- exactly those are looked for
  expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
  expect(JSON.parse(line)).toEqual({ level: "info", message: "call", tool: evil });
  expect(JSON.parse(jsonLine({ evil }))).toEqual({ evil });
});
