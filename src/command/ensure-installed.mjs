// Runs before every npm script, on whatever Node the host has: plain JavaScript, no packages,
// silent and quick when nothing is missing.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { scriptsNodeProblem } from "./node-guard.mjs";

const ROOT = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");

if (!isInstalled(ROOT)) {
  console.error("Installing what is missing (about a minute)…");
  const code = await install(ROOT);
  if (code !== 0) {
    console.error('Cannot install: "npm ci" failed, its errors are above');
    process.exit(1);
  }
}
const problem = scriptsNodeProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}

/**
 * npm writes its own copy of the lock file as the last step of an install, so a cut-off install
 * has none; a package that was removed by hand is found by its missing package.json.
 */
function isInstalled(root) {
  const wanted = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    // Packages for other platforms are in the lock and never on disk.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && existsSync(join(root, path, "package.json"));
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined; // not there, or cut off while it was written
  }
}

/** At log level "error" npm keeps its notices on engines and deprecated packages to itself. */
function install(root) {
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  // The npm that runs this script, on the Node it was started with: both stay while the folder
  // is replaced.
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const [program, before] =
    npm !== undefined && existsSync(npm) ? [node ?? process.execPath, [npm]] : ["npm", []];
  return new Promise((settle) => {
    const child = spawn(program, [...before, ...args], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      shell: program === "npm" && process.platform === "win32",
    });
    child.once("error", (error) => {
      console.error(error.message);
      settle(1);
    });
    child.once("exit", (code) => settle(code ?? 1));
  });
}
