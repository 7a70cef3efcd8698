import type { UserId } from "../core/ids.ts";
import { asOAuthKv, type KeyedTexts, type OAuthKv } from "./oauth-kv.ts";
import { isUserId, OWNER_ID } from "./user-id.ts";

/** Consents under way belong to nobody yet; strangers can start them, so they live apart. */
export const CONSENT_ROOM = "consent:";

export type StrongKvNeeds = Readonly<{
  /** The grant object of a user, or of `CONSENT_ROOM`. */
  grants: (name: UserId | typeof CONSENT_ROOM) => KeyedTexts;
  clients: KeyedTexts;
  now: () => number;
}>;

/**
 * The KV the OAuth library is given outside the grant objects. Workers KV may be a minute stale and
 * caches what it did not find, which makes a fresh token 401 for a minute, a used code work twice
 * and a revoked token live on; so everything that must agree lives in one object per user.
 */
export function createStrongKv({ grants, clients, now }: StrongKvNeeds): OAuthKv {
  return asOAuthKv((key) => {
    if (key.startsWith("client:")) return clients;
    const user = userOf(key);
    return grants(user ?? CONSENT_ROOM);
  }, now);
}

/**
 * The user in `grant:{user}:{grant}` and `token:{user}:{grant}:{hash}`. A listing over all users,
 * which nobody asks for, is one over the owner.
 */
function userOf(key: string): UserId | undefined {
  const [kind, user] = key.split(":", 2);
  if (kind !== "grant" && kind !== "token") return undefined;
  if (user === "") return OWNER_ID;
  if (user === undefined || !isUserId(user)) {
    throw new TypeError("a grant or token key without a user id");
  }
  return user;
}
