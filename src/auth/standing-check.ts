import type { SnapshotSource } from "../config/snapshot.ts";
import type { UserId } from "../core/ids.ts";
import type { Caller } from "./caller.ts";
import type { KeyStore } from "./key-store.ts";
import type { KeyedTexts } from "./oauth-kv.ts";

export type StandingNeeds = Readonly<{
  snapshots: SnapshotSource;
  keys: Pick<KeyStore, "list">;
  grants: (user: UserId) => Pick<KeyedTexts, "get">;
  now: () => number;
}>;

/** Whether the credential a caller once came with is still good. Throws where nobody can say. */
export type StandingCheck = (
  caller: Caller,
  context: { waitUntil: (work: Promise<unknown>) => void },
) => Promise<boolean>;

/** For streams, which outlive the request that was authenticated. One per isolate. */
export function createStandingCheck({
  snapshots,
  keys,
  grants,
  now,
}: StandingNeeds): StandingCheck {
  let known: { change: number; ids: ReadonlySet<string> } | undefined;

  /** Keys come and go with a change of the snapshot; otherwise only one not heard of is looked for. */
  async function isKey(id: string, context: Parameters<StandingCheck>[1]): Promise<boolean> {
    const { change } = await snapshots.current(context);
    if (known?.change === change && known.ids.has(id)) return true;
    const ids = new Set((await keys.list()).map((key) => key.id));
    known = { change, ids };
    return ids.has(id);
  }

  return async ({ kind, credentialId, userId, expiresAt }, context) => {
    if (expiresAt !== undefined && expiresAt <= now()) return false;
    switch (kind) {
      case "static-key":
        return true; // it changes with the Worker's own variables, and the Worker with it
      case "api-key":
        return isKey(credentialId, context);
      case "oauth":
        return (await grants(userId).get(`grant:${userId}:${credentialId}`)) !== null;
      default:
        return kind satisfies never;
    }
  };
}
