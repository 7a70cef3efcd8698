/** A module for the browser as it is put into a page: alone, and without its comments. */
export function toPageScript(module: string): string {
  const text = module
    .replaceAll(/^ *(?:\/\/.*|\/\*\*[^]*?\*\/)\n/gm, "")
    .replaceAll(/\n\s*/g, "\n");
  return `"use strict";(()=>{${text}})();`;
}
