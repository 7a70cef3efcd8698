// Plain JavaScript: it must load on every Node that npm itself runs on.
import { existsSync } from "node:fs";

/** The first version that runs TypeScript as it stands; wrangler and workerd need 22 as well. */
const WANTED = [22, 18];
const BROUGHT = new URL("../../node_modules/node/bin/node", import.meta.url);

/** One sentence when `version` cannot run the command, undefined when it can. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return undefined;
  const need = `Needs Node ${WANTED.join(".")} or newer, and this is ${version}`;
  return existsSync(BROUGHT)
    ? `${need}: start it through npm, which uses the Node it brings ("npm start")`
    : `${need}: run "npm rebuild node --ignore-scripts=false", which fetches the Node it brings`;
}

/** Whether the npm scripts have a Node that can run them: the host's, or the one brought along. */
export function scriptsNodeProblem() {
  return existsSync(BROUGHT) ? undefined : nodeProblem();
}
