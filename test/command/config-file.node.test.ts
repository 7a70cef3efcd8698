import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchConfigFile, type ConfigWatch } from "../../src/command/config-file.ts";

const CHANGE_DEADLINE_MS = 8_000;

let folder: string;
let watching: ConfigWatch | undefined;
let seen: (string | undefined)[];
let wake: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "config-"));
  seen = [];
  wake = () => {};
});
afterEach(async () => {
  watching?.stop();
  await rm(folder, { recursive: true, force: true });
});

function watchFile(path: string, text: string): void {
  watching = watchConfigFile({
    path,
    text,
    onChange: async (found) => {
      seen.push(found);
      wake();
    },
  });
}

async function untilSeen(count: number): Promise<void> {
  const deadline = AbortSignal.timeout(CHANGE_DEADLINE_MS);
  while (seen.length < count) {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    deadline.addEventListener("abort", () => resolve());
    await promise;
    if (deadline.aborted) throw new Error(`saw ${JSON.stringify(seen)} only`);
  }
}

test("reports an edit in place", async () => {
  const path = join(folder, "mcp.json");
  await writeFile(path, "one");
  watchFile(path, "one");
  await writeFile(path, "two");
  await untilSeen(1);
  expect(seen).toEqual(["two"]);
});

test("reports an editor's replacement of the file, again and again", async () => {
  const path = join(folder, "mcp.json");
  await writeFile(path, "one");
  watchFile(path, "one");
  for (const text of ["two", "three"]) {
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
    await untilSeen(text === "two" ? 1 : 2);
  }
  expect(seen).toEqual(["two", "three"]);
});

test("reports the switch of a mounted ConfigMap", async () => {
  for (const [version, text] of [
    ["..1", "one"],
    ["..2", "two"],
  ] as const) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, "mcp.json"), text);
  }
  await symlink("..1", join(folder, "..data"));
  await symlink("..data/mcp.json", join(folder, "mcp.json"));
  watchFile(join(folder, "mcp.json"), "one");
  await symlink("..2", join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  await untilSeen(1);
  expect(seen).toEqual(["two"]);
});

test("reports rapid edits once, with the last text", async () => {
  const path = join(folder, "mcp.json");
  await writeFile(path, "one");
  watchFile(path, "one");
  for (let edit = 0; edit < 20; edit += 1) await writeFile(path, `edit ${edit}`);
  await untilSeen(1);
  expect(seen).toEqual(["edit 19"]);
});

test("is silent when the file is touched, emptied for a moment, or put back", async () => {
  const path = join(folder, "mcp.json");
  await writeFile(path, "one");
  watchFile(path, "one");
  await writeFile(path, "");
  await writeFile(path, "one");
  await sleep(1_000); // nothing is what is waited for
  expect(seen).toEqual([]);
});

test("reports once that the file is gone, and the text when it is back", async () => {
  const path = join(folder, "mcp.json");
  await writeFile(path, "one");
  watchFile(path, "one");
  await unlink(path);
  await untilSeen(1);
  await writeFile(path, "two");
  await untilSeen(2);
  expect(seen).toEqual([undefined, "two"]);
});
