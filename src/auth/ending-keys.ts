import type { UserId } from "../core/ids.ts";
import type { KeyStore } from "./key-store.ts";
import type { Cleanup } from "./remove-person.ts";
import { toUserId } from "./user-id.ts";

/**
 * A key that is nobody's is a user of its own, with logins of its own at backends: they end with it,
 * because nobody else could end them.
 */
export function endingKeys(
  keys: KeyStore,
  {
    cleanup,
    onLeftover,
  }: Readonly<{ cleanup: Cleanup; onLeftover: (user: UserId, error: unknown) => void }>,
): KeyStore {
  return {
    ...keys,
    async revoke(id) {
      const known = (await keys.list()).find((key) => key.id === id);
      await keys.revoke(id);
      if (known === undefined || known.user !== undefined) return;
      const user = toUserId(known.id);
      await cleanup(user).catch((error: unknown) => onLeftover(user, error));
    },
  };
}
