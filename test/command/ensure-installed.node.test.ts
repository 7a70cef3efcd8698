import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const COMMAND = resolve(import.meta.dirname, "../../src/command");
const LOCK = {
  packages: {
    "": { name: "project" },
    "node_modules/hono": { version: "1.0.0" },
    "node_modules/for-another-platform": { version: "1.0.0", optional: true },
  },
};
/** Stands in for npm: says what it was asked, and installs the lock or fails. */
const FAKE_NPM = `import { mkdirSync, writeFileSync } from "node:fs";
console.log("noise of npm", process.argv.slice(2).join(" "));
if (process.env.NPM_FAILS) { console.error("npm error no space left"); process.exit(1); }
mkdirSync("node_modules/hono", { recursive: true });
writeFileSync("node_modules/hono/package.json", "{}");
writeFileSync("node_modules/.package-lock.json", ${JSON.stringify(
  JSON.stringify({ packages: { "node_modules/hono": { version: "1.0.0" } } }),
)});`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "install-"));
  await mkdir(join(folder, "src/command"), { recursive: true });
  for (const name of ["ensure-installed.mjs", "node-guard.mjs"]) {
    await copyFile(join(COMMAND, name), join(folder, "src/command", name));
  }
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(LOCK));
  await writeFile(join(folder, "npm.mjs"), FAKE_NPM);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function ensureInstalled(env: Record<string, string> = {}): {
  code: number | null;
  output: string;
} {
  const run = spawnSync(process.execPath, [join(folder, "src/command/ensure-installed.mjs")], {
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      npm_execpath: join(folder, "npm.mjs"),
      npm_node_execpath: process.execPath,
      ...env,
    },
  });
  return { code: run.status, output: run.stdout + run.stderr };
}

test("installs what is missing with one line, and is silent afterwards", () => {
  expect(ensureInstalled()).toEqual({
    code: 0,
    output: "Installing what is missing (about a minute)…\n",
  });
  expect(ensureInstalled()).toEqual({ code: 0, output: "" });
});

test("installs again when an install was cut off", async () => {
  ensureInstalled();
  await rm(join(folder, "node_modules/.package-lock.json"));
  expect(ensureInstalled().output).toContain("Installing");
});

test("installs again when a package is gone", async () => {
  ensureInstalled();
  await rm(join(folder, "node_modules/hono"), { recursive: true });
  expect(ensureInstalled().output).toContain("Installing");
  expect(ensureInstalled().output).toBe("");
});

test("installs again when the lock names another version", async () => {
  ensureInstalled();
  const packages = { ...LOCK.packages, "node_modules/hono": { version: "2.0.0" } };
  await writeFile(join(folder, "package-lock.json"), JSON.stringify({ packages }));
  expect(ensureInstalled().output).toContain("Installing");
});

test("shows npm's own errors when it fails", () => {
  const { code, output } = ensureInstalled({ NPM_FAILS: "yes" });
  expect(code).toBe(1);
  expect(output).toContain("npm error no space left");
  expect(output).toContain('"npm ci" failed');
  expect(output).not.toContain("noise of npm");
});
