import type { Invitations } from "../auth/invitations.ts";
import type { OwnerCheck } from "../auth/owner.ts";
import type { GrantApi } from "../auth/granted-clients.ts";
import type { ProviderSignIn } from "../auth/provider-sign-in.ts";
import type { PasswordSignIn } from "../auth/password-sign-in.ts";
import type { KeyStore } from "../auth/key-store.ts";
import type { UserStore } from "../auth/user-store.ts";
import type { WebSessions } from "../auth/web-session.ts";
import type { Logins } from "../backends/logins.ts";
import type { Registry } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import type { Gateway, RequestContext } from "../gateway/gateway.ts";

/** What people's own pages are given by the composition root. */
export type MeNeeds = Readonly<{
  sessions: WebSessions;
  owner: OwnerCheck;
  users: UserStore;
  passwords: PasswordSignIn;
  providers: ProviderSignIn;
  invitations: Invitations;
  keys: Pick<KeyStore, "create" | "list" | "revoke">;
  logins: Logins;
  snapshots: SnapshotSource;
  gateway: Gateway;
  /** The OAuth library at one of our own origins. */
  grants: (origin: string) => GrantApi;
  registry: () => Pick<Registry, "countAttempt">;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  contextOf: (request: Request, execution: Pick<ExecutionContext, "waitUntil">) => RequestContext;
  requestIdOf: (request: Request) => string;
  now: () => number;
}>;
