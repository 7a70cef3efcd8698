import { LIST_MODES, type Caller, type ListMode } from "../auth/caller.ts";
import { listingIn } from "../auth/list-mode.ts";
import type { SessionInfo } from "./caller-stub.ts";

/** What the address of an endpoint asks for with `?mode=`. */
export type AskedMode = ListMode | "unknown" | undefined;

/** Nearly every address has no query, and costs no more than finding that out. */
export function readMode(url: string): AskedMode {
  const start = url.indexOf("?");
  if (start === -1) return undefined;
  const given = new URLSearchParams(url.slice(start)).getAll("mode");
  if (given.length === 0) return undefined;
  const [first] = given;
  const mode = LIST_MODES.find((known) => known === first);
  return given.length === 1 && mode !== undefined ? mode : "unknown";
}

/**
 * The caller as it lists here: as its key says, else as its session began, else as the address asks.
 * A client that begins in one mode has told its model what there is, so a session keeps it.
 */
export function inMode(
  caller: Caller,
  asked: AskedMode,
  session?: Pick<SessionInfo, "mode">,
): Caller {
  const mode = session === undefined ? asked : session.mode;
  return mode === undefined || mode === "unknown" ? caller : listingIn(caller, mode);
}
