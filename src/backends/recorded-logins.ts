import type { RecordEvent } from "../telemetry/audit-trail.ts";
import type { LoginHolder, Logins } from "./logins.ts";

/** Tells the audit who has logged in at a backend and out of it, and of no credential. */
export function recordingLogins(logins: Logins, record: RecordEvent): Logins {
  return {
    ...logins,
    async finish(backend, from) {
      const next = await logins.finish(backend, from);
      record({ kind: "login_made", userId: from.visitor, backend });
      return next;
    },
    async putKey(holder, key) {
      await logins.putKey(holder, key);
      record({ kind: "login_made", ...subjectOf(holder) });
    },
    async forget(holder) {
      await logins.forget(holder);
      record({ kind: "login_ended", ...subjectOf(holder) });
    },
  };
}

function subjectOf({ backend, user, account }: LoginHolder) {
  return { userId: user, backend, target: account };
}
