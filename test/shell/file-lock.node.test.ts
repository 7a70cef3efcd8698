import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireFileLock } from "../../src/shell/file-lock.ts";

const TIMES = { waitMs: 0, staleMs: 60_000 };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-lock-"));
  path = join(folder, "lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("is had by one at a time, and leaves nothing behind", async () => {
  const first = await acquireFileLock(path, TIMES);
  expect(await acquireFileLock(path, TIMES)).toBeUndefined();
  const waiting = acquireFileLock(path, { ...TIMES, waitMs: 10_000 });
  await first?.release();
  const second = await waiting;
  expect(second).toBeDefined();
  await second?.release();
  expect(await readdir(folder)).toEqual([]);
});

test("is nobody's when the process that had it has died", async () => {
  const child = spawn(process.execPath, ["-e", "0"]);
  await once(child, "exit");
  await writeFile(path, String(child.pid));
  expect(await acquireFileLock(path, TIMES)).toBeDefined();
});

test("is nobody's when it is older than the work under it takes", async () => {
  await acquireFileLock(path, TIMES);
  const longAgo = new Date(Date.now() - 120_000);
  await utimes(path, longAgo, longAgo);
  expect(await acquireFileLock(path, TIMES)).toBeDefined();
});
