import { compileAccess } from "../auth/access.ts";
import type { KeyStore } from "../auth/key-store.ts";
import { isUserId } from "../auth/user-id.ts";
import { visitorCaller } from "../auth/visitor-caller.ts";
import type { Visitor } from "../auth/web-session.ts";
import type { LoginHolder, Logins } from "../backends/logins.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Visit } from "../pages/visit.ts";

type Needs = Readonly<{
  logins: Logins;
  snapshots: SnapshotSource;
  keys: Pick<KeyStore, "list">;
}>;

/** Whose login it is, and what to call them where that is not the visitor. */
export type FoundHolder = Readonly<{ holder: LoginHolder; forName: string | undefined }>;

/**
 * Whose login a page is about. It is the visitor's own, unless the link says for whom a client acts:
 * for a key that is nobody's an admin may log in, and for a person of Open WebUI whoever has their
 * mail address here (MCP 2025-11-25, client/elicitation: who opens a link is to be verified). Throws
 * `not_found` for a backend the visitor may not know of, and `forbidden`.
 */
export async function findHolder(
  { logins, snapshots, keys }: Needs,
  { visitor, context }: Pick<Visit, "visitor" | "context">,
  asked: Readonly<{ backend: string; account: string; forUser: string }>,
): Promise<FoundHolder> {
  const { backend, account, forUser } = asked;
  const snapshot = await snapshots.current(context);
  const permits = compileAccess((await visitorCaller(visitor, snapshot)).access);
  const config = snapshot.config.backends.find(({ name }) => name === backend);
  const isOwn = forUser === "" || forUser === visitor.userId;
  const isKnown = config !== undefined && permits(config.name);
  if (config === undefined || (isOwn && !isKnown)) throw notFound(backend);
  const place = { backend: config.name, account: account === "" ? undefined : account };
  if (isOwn) return { holder: { ...place, user: visitor.userId }, forName: undefined };
  const forName = await nameFor({ logins, keys }, visitor, forUser);
  if (forName === undefined || !isUserId(forUser)) {
    if (!isKnown) throw notFound(backend);
    throw new GatewayError(
      "forbidden",
      "Cannot log in: this link is for somebody else, who has to open it",
    );
  }
  return { holder: { ...place, user: forUser }, forName };
}

function notFound(backend: string): GatewayError {
  return new GatewayError("not_found", `Cannot find backend "${backend.slice(0, 40)}"`);
}

/** What somebody is called for whom the visitor may log in; undefined for everybody else. */
async function nameFor(
  { logins, keys }: Pick<Needs, "logins" | "keys">,
  visitor: Visitor,
  forUser: string,
): Promise<string | undefined> {
  if (forUser.startsWith("key-") && visitor.isAdmin) {
    const key = (await keys.list()).find(({ id, user }) => id === forUser && user === undefined);
    return key === undefined ? undefined : `the key "${key.name}"`;
  }
  if (!/^ow-[0-9a-f]{32}$/.test(forUser)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- matched just now
  const acting = await logins.acting(forUser as UserId);
  if (acting?.email === undefined) return undefined;
  const isThem = acting.email.toLowerCase() === visitor.email?.toLowerCase();
  if (!isThem && !visitor.isAdmin) return undefined;
  return `${acting.name ?? acting.email} at Open WebUI`;
}
