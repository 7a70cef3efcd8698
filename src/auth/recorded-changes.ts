import type { UserRecord } from "../config/user-record.ts";
import type { Registry } from "../config/registry.ts";
import type { RecordEvent } from "../telemetry/audit-trail.ts";
import type { GrantApi } from "./granted-clients.ts";
import type { KeyStore } from "./key-store.ts";
import { OWNER_ID } from "./user-id.ts";
import type { UserStore } from "./user-store.ts";
import type { WebSessions } from "./web-session.ts";

/**
 * Stores that tell the audit of what they have done, whichever page or API asked for it. Whom it
 * concerns stands in the event; what was said, such as a password or a rule, does not.
 */
export function recordingConfig(registry: Registry, record: RecordEvent): Registry {
  const done = <Put extends Readonly<{ version: number }>>(put: Put): Put => {
    const target = `version ${put.version}`;
    record({ kind: "config_changed", userId: OWNER_ID, target });
    return put;
  };
  return {
    ...registry,
    putConfig: async (put) => done(await registry.putConfig(put)),
    restoreConfig: async (version) => done(await registry.restoreConfig(version)),
  };
}

export function recordingKeys(keys: KeyStore, record: RecordEvent): KeyStore {
  return {
    ...keys,
    async create(wanted) {
      const created = await keys.create(wanted);
      const { id, name, user = id } = created.record;
      record({ kind: "key_made", userId: user, credentialId: id, target: name });
      return created;
    },
    async revoke(id) {
      const known = (await keys.list()).find((key) => key.id === id);
      await keys.revoke(id);
      const { user = id, name: target } = known ?? {};
      record({ kind: "key_revoked", userId: user, credentialId: id, target });
    },
  };
}

export function recordingUsers(users: UserStore, record: RecordEvent): UserStore {
  return {
    ...users,
    async create(wanted) {
      const user = await users.create(wanted);
      record({ kind: "person_added", userId: user.id, target: user.name });
      return user;
    },
    async change(id, change) {
      let before: UserRecord | undefined;
      const user = await users.change(id, (now) => {
        before = now;
        return typeof change === "function" ? change(now) : change;
      });
      const target = before === undefined ? "" : differences(before, user).join(", ");
      if (target !== "") record({ kind: "person_changed", userId: user.id, target });
      return user;
    },
    async remove(id) {
      const user = await users.remove(id);
      record({ kind: "person_removed", userId: user.id, target: user.name });
      return user;
    },
  };
}

/** A form sends all it has; told is what is another thing now. Absent and false are the same. */
function differences(before: UserRecord, after: UserRecord): readonly string[] {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const keys = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  return keys.filter((key) => textOf(was.get(key)) !== textOf(is.get(key)));
}

function textOf(value: unknown): string {
  return JSON.stringify(value || null);
}

export function recordingGrants(api: GrantApi, record: RecordEvent): GrantApi {
  return {
    listUserGrants: (...asked) => api.listUserGrants(...asked),
    lookupClient: (id) => api.lookupClient(id),
    async revokeGrant(id, userId) {
      await api.revokeGrant(id, userId);
      record({ kind: "grant_revoked", userId, credentialId: id });
    },
  };
}

export function recordingSessions(sessions: WebSessions, record: RecordEvent): WebSessions {
  return {
    ...sessions,
    async begin(userId, request) {
      const cookie = await sessions.begin(userId, request);
      record({ kind: "sign_in", userId });
      return cookie;
    },
  };
}
