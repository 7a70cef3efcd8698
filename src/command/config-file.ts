import { watch, type FSWatcher } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { CommandFailure } from "../shell/command-failure.ts";
import { reasonOf } from "../shell/local-secrets.ts";

/** Editors write in several steps; a file that was quiet this long is finished. */
const QUIET_MS = 200;
/** Where the system reports no changes (network folders), looking ourselves is soon enough. */
const POLL_MS = 2_000;

/** The text of the `--config` file, when there is one. Throws `CommandFailure`. */
export async function readConfigFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandFailure(`${basename(path)}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

export type ConfigWatch = Readonly<{ stop: () => void }>;

export type ConfigToWatch = Readonly<{
  path: string;
  /** What was read last; only another text is reported. */
  text: string;
  /** Called with the new text, or undefined once when the file is gone; never twice at a time. */
  onChange: (text: string | undefined) => Promise<void>;
}>;

/**
 * Watches the folder and not the file, since most editors replace the file, and a mounted
 * ConfigMap replaces the folder behind a link. What counts is the content: an event only says
 * when to look.
 */
export function watchConfigFile({ path, text, onChange }: ConfigToWatch): ConfigWatch {
  let known: string | undefined = text;
  let stopped = false;
  let looking = false;
  let again = false;
  let quiet: NodeJS.Timeout | undefined;
  const watchers = new Map<string, FSWatcher>();

  function soon(): void {
    if (stopped) return;
    clearTimeout(quiet);
    quiet = setTimeout(() => void look("settled"), QUIET_MS);
  }

  async function look(reason: "settled" | "poll"): Promise<void> {
    if (stopped) return;
    if (looking) {
      again ||= reason === "settled";
      return;
    }
    looking = true;
    try {
      await watchFolders();
      const found = await readFile(path, "utf8").catch(() => undefined);
      // Empty is what a file is between being opened and being written: not yet a change.
      if (found === known || found === "" || stopped) return;
      // Found by polling, it may be half written: it has to be quiet first, like any other.
      if (reason === "poll") {
        soon();
        return;
      }
      known = found;
      await onChange(found);
    } finally {
      looking = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  async function watchFolders(): Promise<void> {
    const real = await realpath(path).catch(() => path);
    const folders = new Set([dirname(resolve(path)), dirname(real)]);
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder) || stopped) continue;
      try {
        const watcher = watch(folder, { persistent: false }, soon);
        watcher.on("error", () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch {
        // no more watches, or the folder is gone: polling finds the change
      }
    }
  }

  void look("poll");
  const poll = setInterval(() => void look("poll"), POLL_MS);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(quiet);
      clearInterval(poll);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
