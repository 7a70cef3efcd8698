import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { OAuthServer } from "./oauth-server.ts";

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
  /** The backends that were ticked; null: all, those of tomorrow too. */
  backends: readonly string[] | null;
  createdAt: string;
}>;

/** What is written beside a grant to be shown in lists; what counts is in its `GrantProps`. */
const grantMetadata = z.object({
  clientName: z.string().optional(),
  backends: z.array(z.string()).readonly().optional(),
});

export type GrantMetadata = Readonly<z.infer<typeof grantMetadata>>;

/** Which clients a user let in by OAuth. */
export async function listGrants(api: GrantApi, user: UserId): Promise<readonly GrantedClient[]> {
  const { items } = await api.listUserGrants(user, { limit: MAX_GRANTS });
  return Promise.all(
    items.map(async ({ id, clientId, scope, metadata, createdAt }) => {
      const { clientName, backends } = grantMetadata.safeParse(metadata).data ?? {};
      return {
        id,
        clientId,
        clientName: clientName ?? (await nameOf(clientId, api)),
        scopes: scope,
        backends: backends ?? null,
        createdAt: new Date(createdAt * 1_000).toISOString(),
      };
    }),
  );
}

/** In force everywhere within 5 s. Throws `not_found`. */
export async function revokeGrant(api: GrantApi, id: string, user: UserId): Promise<void> {
  const { items } = await api.listUserGrants(user, { limit: MAX_GRANTS });
  if (!items.some((grant) => grant.id === id)) {
    throw new GatewayError(
      "not_found",
      `Cannot revoke grant "${id.slice(0, 100)}": there is no such grant`,
    );
  }
  await api.revokeGrant(id, user);
}

/** A client known by a metadata document of its own has its address as id; it is not fetched here. */
async function nameOf(clientId: string, api: GrantApi): Promise<string | null> {
  if (URL.canParse(clientId)) return null;
  const client = await api.lookupClient(clientId);
  return client?.clientName ?? null;
}
