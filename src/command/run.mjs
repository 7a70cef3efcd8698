// An older Node would greet main.ts with a syntax error; this file says what is wrong instead.
import { nodeProblem } from "./node-guard.mjs";

// Once more, since npm leaves out the scripts before a script where install scripts are blocked.
await import("./ensure-installed.mjs");
const problem = nodeProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
await import("./main.ts");
