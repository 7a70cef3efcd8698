// An older Node would greet main.ts with a syntax error; this file says what is wrong instead.
import module from "node:module";
import { fileURLToPath } from "node:url";
import { nodeProblem } from "./node-guard.mjs";

// Once more, since npm leaves out the scripts before a script where install scripts are blocked.
await import("./ensure-installed.mjs");
const problem = nodeProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
// TypeScript is read once and not at every start, which programs wait for. In a folder of our own:
// whoever can write there can run code here.
const cache = new URL("../../node_modules/.cache/command", import.meta.url);
module.enableCompileCache?.(fileURLToPath(cache));
await import("./main.ts");
