import type { SnapshotSource } from "../config/snapshot.ts";
import { randomToken, secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { findUser } from "./find-user.ts";
import { hostCookie, readHostCookie } from "./host-cookie.ts";
import type { KeyedTexts } from "./oauth-kv.ts";
import { isFromAnotherSite } from "./owner.ts";
import { OWNER_ID } from "./user-id.ts";

/** A day of work; who uses the pages daily signs in each morning. */
const SESSION_MS = 12 * 3_600 * 1_000;
const COOKIE = "session";
const SHAPE = /^(?<user>[a-z0-9-]{1,40})\.(?<secret>[A-Za-z0-9_-]{43})$/;

/** Whom a browser is signed in as. */
export type Visitor = Readonly<{
  userId: UserId;
  name: string;
  email: string | undefined;
  /** May use the owner's pages. */
  isAdmin: boolean;
  /** Stands in every form of this browser's pages; see `requireOwnForm`. */
  formToken: string;
}>;

type Context = Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;

/** Sessions of browsers, in the object of their user: signing out and removing a person end them. */
export type WebSessions = Readonly<{
  /** The `Set-Cookie` of a new session. */
  begin: (userId: UserId, request: Request) => Promise<string>;
  /** Undefined: nobody is signed in, or nobody who is still there. */
  find: (request: Request, context: Context) => Promise<Visitor | undefined>;
  /** The `Set-Cookie` that forgets it here; it is forgotten there as well. */
  end: (request: Request, context: Context) => Promise<string>;
  /** In every browser: whoever has a new password may have lost the old one to somebody. */
  endAll: (userId: UserId) => Promise<void>;
}>;

export type WebSessionNeeds = Readonly<{
  /** The object of a user: an owner's or a person's, and only of one who is known. */
  room: (
    user: UserId,
  ) => Pick<KeyedTexts, "get" | "put" | "remove"> & Readonly<{ endSessions: () => Promise<void> }>;
  snapshots: SnapshotSource;
  /** Which of our own origins a request came to. Throws `misdirected`. */
  originOf: (request: Request) => string;
  now: () => number;
}>;

export function createWebSessions(needs: WebSessionNeeds): WebSessions {
  const { room, snapshots, originOf, now } = needs;
  return {
    async begin(userId, request) {
      const secret = randomToken(32);
      await room(userId).put(rowKey(await sha256Hex(secret)), String(now()), {
        expires: now() + SESSION_MS,
      });
      return hostCookie(originOf(request), COOKIE, {
        value: `${userId}.${secret}`,
        seconds: SESSION_MS / 1_000,
      });
    },
    async find(request, context) {
      const held = readCookie(request, originOf(request));
      if (held === undefined) return undefined;
      const snapshot = await snapshots.current(context);
      if (findUser(snapshot, held.user) === undefined) return undefined;
      const user = snapshot.users[held.user];
      const hash = await sha256Hex(held.secret);
      if ((await room(held.user).get(rowKey(hash))) === null) return undefined;
      return {
        userId: held.user,
        name: user?.name ?? "Owner",
        email: user?.email,
        isAdmin: user?.admin ?? held.user === OWNER_ID,
        // Told to pages: it must not be the secret, nor lead to it.
        formToken: await sha256Hex(`form ${held.secret}`),
      };
    },
    async end(request, context) {
      const origin = originOf(request);
      const held = readCookie(request, origin);
      if (held !== undefined && findUser(await snapshots.current(context), held.user)) {
        await room(held.user).remove(rowKey(await sha256Hex(held.secret)));
      }
      return hostCookie(origin, COOKIE, { value: "", seconds: 0 });
    },
    endAll: (userId) => room(userId).endSessions(),
  };
}

/**
 * A form that this browser was shown by us. SameSite alone does not stop a sibling domain, and a
 * token alone not a page that got hold of one. Throws `forbidden`.
 */
export async function requireOwnForm(
  { request, ownOrigin, token }: Readonly<{ request: Request; ownOrigin: string; token: string }>,
  { formToken }: Pick<Visitor, "formToken">,
): Promise<void> {
  if (!isFromAnotherSite(request, ownOrigin) && (await secretsEqual(token, formToken))) return;
  throw new GatewayError(
    "forbidden",
    "Cannot accept the form: it was not sent from a page of this session, open the page again",
  );
}

function rowKey(hash: string): string {
  return `session:${hash}`;
}

function readCookie(
  request: Request,
  origin: string,
): { user: UserId; secret: string } | undefined {
  const groups = SHAPE.exec(readHostCookie(request, origin, COOKIE) ?? "")?.groups;
  if (groups === undefined) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- matched by SHAPE
  return { user: groups["user"] as UserId, secret: groups["secret"] ?? "" };
}
