import type { Registry } from "../config/registry.ts";
import type { UserId } from "../core/ids.ts";
import type { OAuthEnv, OAuthRefusal, OAuthServers } from "../auth/oauth-server.ts";
import type { OwnerCheck } from "../auth/owner.ts";
import type { CONSENT_ROOM } from "../auth/strong-kv.ts";
import type { TokenAnswer, TokenRequest } from "../auth/token-desk.ts";

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
  /** The id of a user who is there right now, as the owner always is. */
  findUser: (id: string) => Promise<UserId | undefined>;
  onRefusal: (refusal: OAuthRefusal) => void;
}>;
