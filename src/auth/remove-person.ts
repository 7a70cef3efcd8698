import type { UserRecord } from "../config/user-record.ts";
import type { UserId } from "../core/ids.ts";
import type { KeyStore } from "./key-store.ts";
import { userIdOf, type UserStore } from "./user-store.ts";

/** Drops what one part of the gateway keeps of somebody who is gone. */
export type Cleanup = (user: UserId) => Promise<void>;

export type RemovePersonNeeds = Readonly<{
  users: Pick<UserStore, "remove">;
  keys: Pick<KeyStore, "revokeAll">;
  /** The object with their grants, tokens and sessions. */
  grants: (user: UserId) => Readonly<{ clear: () => Promise<void> }>;
  /** Of the parts of the gateway that keep something else per user. */
  cleanups: readonly Cleanup[];
  /** What was left behind: nothing opens with it, but it should not stay. */
  onLeftover: (user: UserId, error: unknown) => void;
}>;

/** Throws `not_found`. */
export type RemovePerson = (id: string) => Promise<UserRecord>;

/**
 * Removes a person with all that is theirs. The record goes first: from then on every snapshot is
 * without them, and their keys, tokens, sessions and connectors are refused within 5 s whatever
 * becomes of the rest. An id is never given out again, so nothing left behind comes to life.
 */
export function createRemovePerson(needs: RemovePersonNeeds): RemovePerson {
  const { users, keys, grants, cleanups, onLeftover } = needs;
  return async (id) => {
    const removed = await users.remove(id);
    const user = userIdOf(removed);
    const done = await Promise.allSettled([
      keys.revokeAll(user),
      grants(user).clear(),
      ...cleanups.map((cleanup) => cleanup(user)),
    ]);
    for (const one of done) if (one.status === "rejected") onLeftover(user, one.reason);
    return removed;
  };
}
