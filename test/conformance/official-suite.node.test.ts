import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { runToEnd } from "../../src/shell/finished-process.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Alone it takes under a minute; here it shares the machine with every other test. */
const RUN_TIMEOUT_MS = 290_000;
const TEST_TIMEOUT_MS = 300_000;
/** Where the tables end and the sentences begin. */
const FIRST_SUMMARY = /^\S+ \d{4}-\d\d-\d\d: /m;

test(
  "passes the official suite on every wire in both revisions",
  async () => {
    const { code, stdout, stderr } = await runToEnd({
      program: join(ROOT, "node_modules/.bin/node"),
      args: ["test/conformance/run.ts"],
      cwd: ROOT,
      timeoutMs: RUN_TIMEOUT_MS,
    });
    const summary = stdout.slice(Math.max(0, stdout.search(FIRST_SUMMARY)));
    expect(code, `${summary}${stderr}`).toBe(0);
  },
  TEST_TIMEOUT_MS,
);
