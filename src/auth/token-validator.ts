import type { UserId } from "../core/ids.ts";
import type { TokenIdentity } from "./authenticate.ts";
import type { Resource } from "./caller.ts";
import type { ValidToken } from "./grant-object.ts";
import { OWNER_ID } from "./user-id.ts";

export type TokenJudge = Readonly<{
  validate: (token: string, resource: Resource, origin: string) => Promise<ValidToken | null>;
}>;

/**
 * Asks the object that holds the token's grant. Only the owner can grant, so a token that names
 * anybody else is refused here: strangers must not be able to create objects by inventing names.
 */
export function createTokenValidator(
  grants: (user: UserId) => TokenJudge,
): (token: string, resource: Resource, origin: string) => Promise<TokenIdentity | null> {
  return async (token, resource, origin) => {
    const [user, grantId, secret, ...rest] = token.split(":");
    if (user !== OWNER_ID || grantId === undefined || secret === undefined || rest.length > 0) {
      return null;
    }
    const valid = await grants(OWNER_ID).validate(token, resource, origin);
    return valid === null ? null : { userId: OWNER_ID, grantId, ...valid };
  };
}
