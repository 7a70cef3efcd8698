import type { OAuthServer } from "../auth/oauth-server.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";

/** The part of the OAuth library that shows and ends grants. */
export type GrantApi = Pick<
  ReturnType<OAuthServer["getOAuthApi"]>,
  "listUserGrants" | "revokeGrant" | "lookupClient"
>;

/** More clients than a person connects; the oldest beyond are reached by revoking others. */
const MAX_GRANTS = 200;

export type GrantedClient = Readonly<{
  id: string;
  clientId: string;
  clientName: string | null;
  scopes: readonly string[];
  createdAt: string;
}>;

/** Which clients the owner let in by OAuth. */
export async function listGrants(api: GrantApi): Promise<readonly GrantedClient[]> {
  const { items } = await api.listUserGrants(OWNER_ID, { limit: MAX_GRANTS });
  return Promise.all(
    items.map(async ({ id, clientId, scope, createdAt }) => ({
      id,
      clientId,
      clientName: await nameOf(clientId, api),
      scopes: scope,
      createdAt: new Date(createdAt * 1_000).toISOString(),
    })),
  );
}

/** In force everywhere within 5 s. Throws `not_found`. */
export async function revokeGrant(api: GrantApi, id: string): Promise<void> {
  const { items } = await api.listUserGrants(OWNER_ID, { limit: MAX_GRANTS });
  if (!items.some((grant) => grant.id === id)) {
    throw new GatewayError(
      "not_found",
      `Cannot revoke grant "${id.slice(0, 100)}": there is no such grant`,
    );
  }
  await api.revokeGrant(id, OWNER_ID);
}

/** A client known by a metadata document of its own has its address as id; it is not fetched here. */
async function nameOf(clientId: string, api: GrantApi): Promise<string | null> {
  if (URL.canParse(clientId)) return null;
  const client = await api.lookupClient(clientId);
  return client?.clientName ?? null;
}
