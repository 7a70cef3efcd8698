import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Where things are in the checkout; the command works from any folder. */
export const PROJECT = {
  root: ROOT,
  source: resolve(ROOT, "src"),
  wranglerToml: resolve(ROOT, "wrangler.toml"),
  lockFile: resolve(ROOT, "package-lock.json"),
  packageJson: resolve(ROOT, "package.json"),
  /** The launcher of the pinned wrangler, run with our own Node. */
  wrangler: resolve(ROOT, "node_modules/wrangler/bin/wrangler.js"),
  /** Everything generated; outside git. */
  scratch: resolve(ROOT, ".wrangler"),
  state: resolve(ROOT, ".wrangler/state"),
  devVars: resolve(ROOT, ".dev.vars"),
} as const;
