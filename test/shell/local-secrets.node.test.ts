import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createReadablePassword,
  ensureLocalSecrets,
  readDevVars,
} from "../../src/shell/local-secrets.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "secrets-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("makes all secrets on the first run, for the owner of the file only", async () => {
  const path = join(folder, "new", ".dev.vars");
  const secrets = await ensureLocalSecrets(path);
  expect(secrets.OWNER_PASSWORD).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  expect(Buffer.from(secrets.ENCRYPTION_KEY, "base64url")).toHaveLength(32);
  expect(secrets.GATEWAY_API_KEY).toMatch(/^mgw_[\w-]{43}$/);
  expect(await readDevVars(path)).toEqual(secrets);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("keeps them on later runs", async () => {
  const path = join(folder, ".dev.vars");
  const first = await ensureLocalSecrets(path);
  const text = await readFile(path, "utf8");
  expect(await ensureLocalSecrets(path)).toEqual(first);
  expect(await readFile(path, "utf8")).toBe(text);
});

test("adds what is missing to a file of one's own, and closes it to others", async () => {
  const path = join(folder, ".dev.vars");
  await writeFile(path, "# mine\nOWNER_PASSWORD=chosen\nERP_KEY='a b'", { mode: 0o644 });
  const secrets = await ensureLocalSecrets(path);
  expect(secrets.OWNER_PASSWORD).toBe("chosen");
  expect(await readDevVars(path)).toEqual({ ERP_KEY: "a b", ...secrets });
  expect(await readFile(path, "utf8")).toMatch(/^# mine\n/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("says in one line that the file cannot be read", async () => {
  await expect(ensureLocalSecrets(folder)).rejects.toThrow(/^Cannot read .*: it is a folder/);
});

test("makes another password each time", () => {
  expect(createReadablePassword()).not.toBe(createReadablePassword());
});
