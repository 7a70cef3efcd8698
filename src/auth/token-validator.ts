import type { UserId } from "../core/ids.ts";
import type { TokenIdentity } from "./authenticate.ts";
import type { Resource } from "./caller.ts";
import type { ValidToken } from "./grant-object.ts";
import { isUserId } from "./user-id.ts";

export type TokenJudge = Readonly<{
  validate: (token: string, resource: Resource, origin: string) => Promise<ValidToken | null>;
}>;

/**
 * Asks the object that holds the token's grant. Who asks has made sure that the user it names is
 * one: strangers must not be able to create objects by inventing names.
 */
export function createTokenValidator(
  grants: (user: UserId) => TokenJudge,
): (token: string, resource: Resource, origin: string) => Promise<TokenIdentity | null> {
  return async (token, resource, origin) => {
    const [user, grantId, secret, ...rest] = token.split(":");
    if (user === undefined || !isUserId(user)) return null;
    if (grantId === undefined || secret === undefined || rest.length > 0) return null;
    const valid = await grants(user).validate(token, resource, origin);
    return valid === null ? null : { userId: user, grantId, ...valid };
  };
}
