import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const SCRIPTS = resolve(ROOT, "src/openapi");

/** The types of a browser and those of a Worker cannot stand in one program. */
const OPTIONS =
  "--ignoreConfig --noEmit --allowJs --checkJs --strict --target es2024 --module esnext " +
  "--moduleResolution bundler --lib es2024,dom,dom.iterable --types";

test("the script of the pages keeps the types of the browser", () => {
  const compiler = resolve(ROOT, "node_modules/typescript/bin/tsc");
  const client = resolve(SCRIPTS, "docs-client.mjs");
  const { stdout, status } = spawnSync(
    process.execPath,
    [compiler, ...OPTIONS.split(" "), "", client],
    {
      encoding: "utf8",
    },
  );
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("each of its modules is in the page", () => {
  const joined = readFileSync(resolve(SCRIPTS, "docs-script.ts"), "utf8");
  const modules = readdirSync(SCRIPTS).filter((name) => name.endsWith(".mjs"));
  expect(modules.filter((name) => !joined.includes(`"./${name}"`))).toEqual([]);
});
