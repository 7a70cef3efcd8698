/* oxlint-disable import/default -- it comes as text: see `rules` in wrangler.toml */
import live from "./page-live.mjs";
import { toPageScript } from "../pages/browser-script.ts";

export const LIVE_SCRIPT = toPageScript(live);
