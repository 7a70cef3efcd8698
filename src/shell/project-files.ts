import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
/** A package has the command in `dist/command`, as deep as a checkout has it in `src/command`. */
const IS_PACKED = basename(resolve(import.meta.dirname, "..")) === "dist";
/** Everything generated; outside git. */
const SCRATCH = IS_PACKED ? dataFolder(process.env) : resolve(ROOT, ".wrangler");

/** Where things are in the checkout or the package; the command works from any folder. */
export const PROJECT = {
  isPacked: IS_PACKED,
  root: ROOT,
  source: resolve(ROOT, "src"),
  wranglerToml: resolve(ROOT, "wrangler.toml"),
  lockFile: resolve(ROOT, "package-lock.json"),
  packageJson: resolve(ROOT, "package.json"),
  /** The launcher of the pinned wrangler, run with our own Node. */
  wrangler: resolve(ROOT, "node_modules/wrangler/bin/wrangler.js"),
  /** What a package brings: the Worker as built before it was packed. */
  prebuilt: resolve(ROOT, "dist/worker"),
  scratch: SCRATCH,
  state: join(SCRATCH, "state"),
  devVars: IS_PACKED ? join(SCRATCH, ".dev.vars") : resolve(ROOT, ".dev.vars"),
} as const;

/** An installed package is replaced as a whole, so what has to stay is kept with the user. */
function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  const windows = process.platform === "win32" ? env["LOCALAPPDATA"] : undefined;
  const named = env["XDG_STATE_HOME"] ?? windows;
  const base = named === undefined || named === "" ? join(homedir(), ".local/state") : named;
  return join(base, "mcp-edge-gateway");
}
