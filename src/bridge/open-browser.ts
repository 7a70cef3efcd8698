import { spawn } from "node:child_process";

/** Words of a command, never a shell: the address is the gateway's and not ours. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Best effort: the address is printed as well. `BROWSER` names another program. */
export function openBrowser(url: string, browser: string | undefined): void {
  const [program, ...args] =
    browser === undefined || browser === ""
      ? (OPENERS[process.platform] ?? (["xdg-open"] as const))
      : [browser];
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {}); // there is none here
  child.unref();
}
