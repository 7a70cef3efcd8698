/* oxlint-disable import/default -- these come as text */
import client from "./docs-client.mjs";
import result from "./docs-result.mjs";
import run from "./docs-run.mjs";
import values from "./docs-values.mjs";

/**
 * The script of the pages: modules for the browser, which come as text (see `rules` in
 * wrangler.toml) and are put into the page as one. No two of them may have one name at their top.
 */
export const DOCS_SCRIPT = `"use strict";\n${[values, result, run, client].map(toScript).join("")}`;

/** Without the words that join modules, and without comments, which are a third of them. */
function toScript(module: string): string {
  return module
    .replaceAll(/^import [^;]*;\n/gm, "")
    .replaceAll(/^export /gm, "")
    .replaceAll(/^ *(?:\/\/.*|\/\*\*[^]*?\*\/)\n/gm, "")
    .replaceAll(/\n\s*/g, "\n");
}
