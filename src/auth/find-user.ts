import type { SnapshotData } from "../config/registry.ts";
import type { UserId } from "../core/ids.ts";
import { isPersonId, OWNER_ID } from "./user-id.ts";

/** Whether anybody but the owner can sign in, or could be let in. */
export function hasPeople({ users, config }: Pick<SnapshotData, "users" | "config">): boolean {
  return Object.keys(users).length > 0 || config.signIn.providers.length > 0;
}

/**
 * The id of a user who is there right now; the owner always is. Asked before an object is, because
 * strangers must not be able to create objects by inventing names.
 */
export function findUser({ users }: Pick<SnapshotData, "users">, id: string): UserId | undefined {
  if (id === OWNER_ID) return OWNER_ID;
  return isPersonId(id) && Object.hasOwn(users, id) ? id : undefined;
}
