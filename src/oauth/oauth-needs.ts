import type { Registry } from "../config/registry.ts";
import type { UserId } from "../core/ids.ts";
import type { OAuthEnv, OAuthRefusal, OAuthServers } from "../auth/oauth-server.ts";
import type { GrantProps } from "../auth/grant-props.ts";
import type { OwnerCheck } from "../auth/owner.ts";
import type { CONSENT_ROOM } from "../auth/strong-kv.ts";
import type { TokenAnswer, TokenRequest } from "../auth/token-desk.ts";
import type { Visitor } from "../auth/web-session.ts";

/** A client as a grant remembers it. */
export type ConsentClient = NonNullable<GrantProps["client"]>;

export type TokenOffice = Readonly<{ token: (request: TokenRequest) => Promise<TokenAnswer> }>;

/** What the OAuth surface is given by the composition root. */
export type OAuthNeeds = Readonly<{
  ownOrigin: (request: Request) => string | undefined;
  servers: OAuthServers;
  /** Its KV is the strong one. */
  oauthEnv: OAuthEnv;
  grants: (name: UserId | typeof CONSENT_ROOM) => TokenOffice;
  registry: () => Pick<Registry, "countAttempt">;
  owner: OwnerCheck;
  /** Who is signed in in the browser that asks. */
  findVisitor: (request: Request) => Promise<Visitor | undefined>;
  /** Whether anybody but the owner can sign in. */
  hasPeople: () => Promise<boolean>;
  /** The backends that a client could use in the visitor's name, sorted. */
  backendsFor: (visitor: Visitor, client: ConsentClient) => Promise<readonly string[]>;
  /** The id of a user who is there right now, as the owner always is. */
  findUser: (id: string) => Promise<UserId | undefined>;
  /** Somebody has let a client in. */
  onGrant: (grant: Readonly<{ userId: UserId; client: ConsentClient }>) => void;
  onRefusal: (refusal: OAuthRefusal) => void;
}>;
