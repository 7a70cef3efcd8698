import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export type OrphanGuard = Readonly<{
  /** From now on these processes (groups, where negative) end when we do, and no others. */
  watch: (pids: readonly number[]) => void;
  release: () => void;
}>;

/**
 * Reads lists of pids; at the end of its input, whatever the reason, it kills the last list: at
 * once, or after the seconds it was given.
 */
const SCRIPT =
  'while read -r line; do last=$line; done; [ -z "$last" ] || { sleep "$0"; kill -9 $last; }';

/**
 * Nothing can be done inside a process that is killed hard, so a small shell waits at the other
 * end of a pipe: the kernel closes it with us, and it kills what we started. Without a POSIX shell
 * there is no guard, and a hard kill leaves the runtime behind.
 */
export function openOrphanGuard(graceSeconds = 0): OrphanGuard {
  if (process.platform === "win32") return { watch: () => {}, release: () => {} };
  const shell = spawn("/bin/sh", ["-c", SCRIPT, String(graceSeconds)], {
    stdio: ["pipe", "ignore", "ignore"],
    // Out of the terminal's group, so that Ctrl-C does not end it before us.
    detached: true,
  });
  shell.on("error", () => {}); // no shell here: the guard is a comfort, not a need
  shell.stdin.on("error", () => {});
  shell.unref();
  return {
    watch: (pids) => {
      shell.stdin.write(`${pids.join(" ")}\n`);
    },
    release: () => {
      shell.stdin.end("\n");
    },
  };
}

/** Our direct children of that name. */
export function findChildren(name: string): readonly number[] {
  return readProcessTable()
    .filter((row) => row.parent === process.pid && basename(row.command) === name)
    .map((row) => row.pid);
}

type Row = Readonly<{ pid: number; parent: number; command: string }>;

function readProcessTable(): readonly Row[] {
  if (process.platform !== "linux") {
    const table = spawnSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
    return (table.stdout ?? "").split("\n").flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.+)$/.exec(line) ?? [];
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
  }
  // Small images have no ps.
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [, command, parent] =
        /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    } catch {
      return []; // it ended while we looked
    }
  });
}
