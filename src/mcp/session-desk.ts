import { BoundedMemory } from "../auth/bounded-memory.ts";
import type { Caller } from "../auth/caller.ts";
import type { UserId } from "../core/ids.ts";
import { release } from "../core/outcome.ts";
import type { Scope } from "../gateway/gateway.ts";
import type { CallerStub, SessionInfo, SessionOpening } from "./caller-stub.ts";
import { unknownSession } from "./mcp-errors.ts";
import { backendOf } from "./session-store.ts";

/** A session ended elsewhere is unknown here within this. */
const KNOWN_MS = 4_000;
const MAX_KNOWN = 10_000;

/**
 * What an isolate remembers of sessions: their object is asked once in a few seconds, not with
 * every message.
 */
export type SessionDesk = Readonly<{
  open: (caller: Caller, opening: SessionOpening) => Promise<SessionInfo>;
  /** Throws the 404 of an unknown id, whoever else's session it may be. */
  require: (caller: Caller, scope: Scope, id: string) => Promise<SessionInfo>;
  end: (caller: Caller, scope: Scope, id: string) => Promise<void>;
  /** Something about it changed: the next message asks again. */
  forget: (caller: Caller, scope: Scope, id: string) => void;
}>;

export function createSessionDesk(
  stub: (userId: UserId) => Pick<CallerStub, "openSession" | "findSession" | "endSession">,
  now: () => number,
): SessionDesk {
  const known = new BoundedMemory<Readonly<{ info: SessionInfo; until: number }>>(MAX_KNOWN);
  const remember = (key: string, info: SessionInfo): SessionInfo => {
    known.set(key, { info, until: now() + KNOWN_MS });
    return info;
  };
  return {
    async open(caller, opening) {
      const info = release(await stub(caller.userId).openSession(caller, opening));
      return remember(keyOf(caller, opening.scope, info.id), info);
    },
    async require(caller, scope, id) {
      const key = keyOf(caller, scope, id);
      const held = known.get(key);
      if (held !== undefined && held.until > now()) return held.info;
      const info = await stub(caller.userId).findSession(caller, scope, id);
      if (info === undefined) throw unknownSession();
      return remember(key, info);
    },
    async end(caller, scope, id) {
      known.delete(keyOf(caller, scope, id));
      if (!(await stub(caller.userId).endSession(caller, scope, id))) throw unknownSession();
    },
    forget(caller, scope, id) {
      known.delete(keyOf(caller, scope, id));
    },
  };
}

/** Of the user as well: one credential may act for many people. */
function keyOf({ credentialId, userId }: Caller, scope: Scope, id: string): string {
  return JSON.stringify([credentialId, userId, backendOf(scope), id]);
}
