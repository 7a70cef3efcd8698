import { PROJECT } from "./project-files.ts";

/** npm says a word on stdout before a script, which is not for those that others read. */
const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ["start", "npm start"],
  ["stdio", "npm run --silent stdio"],
  ["dev", "npm run dev"],
  ["connect", "npm run connect"],
  ["deploy", "npm run deploy"],
]);

/** How a command is called from here: as a script of the checkout, or by the name of the package. */
export function calledAs(command: string, rest = "", isPacked = PROJECT.isPacked): string {
  if (isPacked) return words("npx mcp-edge-gateway", command, rest);
  const script = SCRIPTS.get(command);
  if (script === undefined) return words("npm run --silent gateway --", command, rest);
  return rest === "" ? script : `${script} -- ${rest}`;
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
