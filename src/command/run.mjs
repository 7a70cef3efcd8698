// An older Node would greet main.ts with a syntax error; this file says what is wrong instead.
import { nodeProblem } from "./node-guard.mjs";

const problem = nodeProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
await import("./main.ts");
