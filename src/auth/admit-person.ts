import type { SignInProvider } from "../config/sign-in-config.ts";
import type { UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Invitations } from "./invitations.ts";
import { isMailAddress, mailKey } from "./mail-address.ts";
import type { ProviderPerson } from "./provider-person.ts";
import { type Identity, userIdOf, type UserStore } from "./user-store.ts";

export type AdmitNeeds = Readonly<{
  users: UserStore;
  invitations: Pick<Invitations, "accept">;
}>;

type Asking = Readonly<{
  person: ProviderPerson;
  provider: SignInProvider;
  /** The code of an invitation that is accepted with this sign-in. */
  invitation: string | undefined;
}>;

/**
 * Who of ours it is whom a provider sends. The issuer and subject that are bound to somebody decide
 * alone; a mail address, which can change hands, only leads to the first binding. Whoever is
 * neither known, invited nor allowed stays out, and nothing is made of them. Throws `forbidden`.
 */
export async function admitPerson(
  { users, invitations }: AdmitNeeds,
  { person, provider, invitation }: Asking,
): Promise<UserId> {
  const { issuer, subject, name, verifiedEmail } = person;
  const identity = { issuer, subject };
  const known = await users.findByIdentity(identity);
  if (invitation !== undefined) {
    const invited = await invitations.accept(invitation, (user) => {
      if (known !== undefined && known.id !== user.id) {
        throw refused(provider, "this account belongs to somebody else here");
      }
      return known === undefined ? bound(user, identity, provider) : {};
    });
    return userIdOf(invited);
  }
  if (known !== undefined) return requireEnabled(known, provider);
  if (verifiedEmail === undefined || !isMailAddress(verifiedEmail)) {
    throw refused(provider, "it does not vouch for a mail address of yours");
  }
  const expected = await users.findByEmail(verifiedEmail);
  if (expected !== undefined) {
    const user = await users.change(expected.id, (now) => {
      requireEnabled(now, provider);
      requireNew(now, provider);
      return bound(now, identity, provider);
    });
    return userIdOf(user);
  }
  if (!isAllowed(verifiedEmail, provider.allow)) {
    throw refused(provider, "you are not on the list of people who may come in");
  }
  const created = await users.create({
    name: name ?? verifiedEmail.slice(0, 100),
    email: verifiedEmail,
    groups: provider.groups,
    identities: [identity],
  });
  return userIdOf(created);
}

/** Nobody gets in over a mail address that has become somebody else's, at whichever provider. */
function requireNew(user: UserRecord, provider: SignInProvider): void {
  if (user.identities.length === 0) return;
  throw refused(
    provider,
    "you come in by another account here, ask the owner for a new invitation",
  );
}

/** One account of each provider: two would be two people. */
function bound(user: UserRecord, identity: Identity, provider: SignInProvider) {
  if (user.identities.some(({ issuer }) => issuer === identity.issuer)) {
    throw refused(
      provider,
      "another account of it is yours here, ask the owner to unbind that one",
    );
  }
  // Whoever has come in needs no link any more, and nobody who finds it shall.
  return { identities: [...user.identities, identity], invitation: null };
}

function requireEnabled(user: UserRecord, provider: SignInProvider): UserId {
  if (user.disabled !== true) return userIdOf(user);
  throw refused(provider, "you may not use this gateway at present");
}

/** Whole addresses, and domains as `@example.com`, which are not those below them. */
function isAllowed(email: string, allow: readonly string[]): boolean {
  const address = mailKey(email);
  const domain = address.slice(address.lastIndexOf("@"));
  return allow.some((one) => one === address || (one.startsWith("@") && one === domain));
}

function refused({ label }: SignInProvider, reason: string): GatewayError {
  return new GatewayError("forbidden", `Cannot sign in with "${label}": ${reason}`);
}
