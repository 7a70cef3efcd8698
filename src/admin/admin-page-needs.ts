import type { GrantApi } from "../auth/granted-clients.ts";
import type { Invitations } from "../auth/invitations.ts";
import type { KeyStore } from "../auth/key-store.ts";
import type { RemovePerson } from "../auth/remove-person.ts";
import type { UserStore } from "../auth/user-store.ts";
import type { WebSessions } from "../auth/web-session.ts";
import type { Caller } from "../auth/caller.ts";
import type { BackendStub } from "../backends/backend-stub.ts";
import type { Logins } from "../backends/logins.ts";
import type { Probe } from "../backends/probe-backend.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import type { Gateway, RequestContext } from "../gateway/gateway.ts";
import type { AuditStore } from "../telemetry/audit-store.ts";

/** What the owner's pages are given by the composition root. */
export type AdminPageNeeds = Readonly<{
  sessions: Pick<WebSessions, "find">;
  gateway: Gateway;
  registry: () => Registry;
  /** The object of a backend of the config. */
  backend: (name: string) => Pick<BackendStub, "listing" | "reviews" | "decide">;
  /** Connects to what is not in the config yet. */
  probe: (order: BackendOrder, context: RequestContext) => Promise<Probe>;
  /** Of what `/status` says: what clients will stumble over, and what the tools cost a model. */
  status: (caller: Caller, context: RequestContext) => Promise<StatusExcerpt>;
  users: UserStore;
  invitations: Invitations;
  removePerson: RemovePerson;
  keys: Pick<KeyStore, "create" | "list" | "revoke">;
  logins: Logins;
  snapshots: SnapshotSource;
  /** The OAuth library at one of our own origins. */
  grants: (origin: string) => GrantApi;
  audit: () => AuditStore;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  contextOf: (request: Request, execution: Pick<ExecutionContext, "waitUntil">) => RequestContext;
  requestIdOf: (request: Request) => string;
  now: () => number;
}>;

export type StatusExcerpt = Readonly<{
  warnings: readonly string[];
  languageModels: Readonly<{
    providers: readonly Readonly<{ name: string; problem: string | null }>[];
  }>;
  toolList: Readonly<Record<"plain" | "search", Readonly<{ tokens: number }>>>;
}>;
