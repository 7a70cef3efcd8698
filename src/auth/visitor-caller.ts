import type { SnapshotData } from "../config/registry.ts";
import { FULL_POLICY_ID } from "./access.ts";
import { FULL_ACCESS, type Caller } from "./caller.ts";
import { underPolicy } from "./under-policy.ts";
import type { Visitor } from "./web-session.ts";

/** Whoever is signed in as a caller: a page asks the gateway under the same rules as a client does. */
export function visitorCaller(
  { userId }: Pick<Visitor, "userId">,
  { config, users }: Pick<SnapshotData, "config" | "users">,
  /** Through whom they ask; the pages themselves are no client. */
  client?: Caller["client"],
): Promise<Caller> {
  const caller: Caller = {
    kind: "session",
    credentialId: "pages",
    userId,
    access: FULL_ACCESS,
    policyId: FULL_POLICY_ID,
    resources: ["mcp", "v1"],
    scopes: [],
    ...(client === undefined ? {} : { client }),
  };
  return underPolicy(caller, { policy: config.policy, user: users[userId] });
}
