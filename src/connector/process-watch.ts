import type { ProcessWatch } from "./kept-process.ts";
import { openOrphanGuard, type OrphanGuard } from "../shell/orphan-guard.ts";

/** Servers put their files in order when their stdin ends, which it does with us. */
const GRACE_SECONDS = 1;

/** Local servers end with us, however we end. */
export function openProcessWatch(): ProcessWatch & Readonly<{ release: () => void }> {
  let guard: OrphanGuard | undefined;
  const groups = new Set<number>();
  const tell = (): void => {
    guard ??= openOrphanGuard(GRACE_SECONDS);
    guard.watch([...groups].map((pid) => -pid));
  };
  return {
    add: (pid) => {
      groups.add(pid);
      tell();
    },
    remove: (pid) => {
      groups.delete(pid);
      tell();
    },
    release: () => guard?.release(),
  };
}
