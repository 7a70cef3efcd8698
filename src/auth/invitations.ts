import type { UserRecord } from "../config/user-record.ts";
import { randomToken, secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isPersonId } from "./user-id.ts";
import type { UserChange, UserStore } from "./user-store.ts";

/** Long enough for a mail that is read after a holiday week, and no open door for ever. */
const VALID_MS = 7 * 24 * 3_600 * 1_000;
export const JOIN_PATH = "/me/join";
const SHAPE = /^(?<user>u-[0-9a-f]{20})\.(?<secret>[A-Za-z0-9_-]{43})$/;

export type Invitation = Readonly<{
  /** Shown once: only a hash of its secret is kept. */
  link: string;
  /** Epoch ms. */
  expiresAt: number;
}>;

/** Links by which a person comes in for the first time, or again after losing the way. */
export type Invitations = Readonly<{
  /** The link that was handed out before is dead from now on. Throws `not_found`. */
  invite: (id: string, origin: string) => Promise<Invitation>;
  /** Whom a code invites; undefined for one that was used, ended or never was. */
  find: (code: string) => Promise<UserRecord | undefined>;
  /**
   * Uses the code up and makes the change in one step, so that it never works twice. Throws
   * `not_found` for a code that does not work any more.
   */
  accept: (code: string, change: (user: UserRecord) => UserChange) => Promise<UserRecord>;
}>;

export type InvitationNeeds = Readonly<{
  users: Pick<UserStore, "find" | "change">;
  now: () => number;
}>;

export function createInvitations({ users, now }: InvitationNeeds): Invitations {
  return {
    async invite(id, origin) {
      const secret = randomToken(32);
      const hash = await sha256Hex(secret);
      const expiresAt = now() + VALID_MS;
      const { id: user } = await users.change(id, { invitation: { hash, expiresAt } });
      return { link: `${origin}${JOIN_PATH}?code=${user}.${secret}`, expiresAt };
    },
    async find(code) {
      const asked = await readCode(code);
      if (asked === undefined) return undefined;
      const user = await users.find(asked.user);
      const hash = user?.disabled === true ? undefined : liveHash(user, now());
      return hash !== undefined && (await secretsEqual(hash, asked.hash)) ? user : undefined;
    },
    async accept(code, change) {
      const asked = await readCode(code);
      if (asked === undefined) throw gone();
      return users.change(asked.user, (user) => {
        // The hash of a random secret: how long it takes to compare tells nothing of use.
        if (user.disabled === true || liveHash(user, now()) !== asked.hash) throw gone();
        return { ...change(user), invitation: null };
      });
    },
  };
}

function liveHash(user: UserRecord | undefined, now: number): string | undefined {
  const invitation = user?.invitation;
  return invitation !== undefined && invitation.expiresAt > now ? invitation.hash : undefined;
}

async function readCode(code: string): Promise<{ user: string; hash: string } | undefined> {
  const { user = "", secret = "" } = SHAPE.exec(code)?.groups ?? {};
  if (!isPersonId(user)) return undefined;
  return { user, hash: await sha256Hex(secret) };
}

function gone(): GatewayError {
  return new GatewayError(
    "not_found",
    "Cannot accept the invitation: it was used or has ended, ask for a new one",
  );
}
