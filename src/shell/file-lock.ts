import { open, readFile, stat, unlink } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_AGAIN_MS = 100;

export type FileLock = Readonly<{ release: () => Promise<void> }>;

/**
 * A file that only one process can make. One whose maker has died, or that is older than any work
 * under it takes, is nobody's. Undefined when another still has it after `waitMs`.
 */
export async function acquireFileLock(
  path: string,
  { waitMs, staleMs }: Readonly<{ waitMs: number; staleMs: number }>,
): Promise<FileLock | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { release: () => unlink(path).catch(() => {}) }; // somebody thought it was nobody's
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (await isAbandoned(path, staleMs)) await unlink(path).catch(() => {}); // another was faster
    else if (performance.now() >= until) return undefined;
    else await pause(LOOK_AGAIN_MS);
  }
}

async function isAbandoned(path: string, staleMs: number): Promise<boolean> {
  try {
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (age > staleMs) return true;
    const pid = Number(await readFile(path, "utf8"));
    // Just made, and not written yet.
    if (pid === 0) return false;
    return !isAlive(pid);
  } catch {
    return false; // it has just been released
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
