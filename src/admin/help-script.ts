/* oxlint-disable import/default -- it comes as text: see `rules` in wrangler.toml */
import help from "./page-help.mjs";
import { toPageScript } from "../pages/browser-script.ts";

export const HELP_SCRIPT = toPageScript(help);
