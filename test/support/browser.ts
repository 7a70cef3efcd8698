import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a browser is, or undefined: its tests are then skipped, and say so. */
export const BROWSER_PATH =
  process.env["CHROMIUM_PATH"] ?? PLACES.find((place) => existsSync(place));

if (BROWSER_PATH === undefined) {
  console.warn(
    "No Chromium here: browser tests are skipped (apt-get install chromium, or CHROMIUM_PATH)",
  );
}

/** Headless, and silent towards everything but the pages it is given. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: BROWSER_PATH ?? "",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
