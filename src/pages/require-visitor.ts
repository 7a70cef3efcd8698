import { isPlainPath } from "./plain-path.ts";
import { requireOwnForm, type Visitor, type WebSessions } from "../auth/web-session.ts";
import { GatewayError } from "../core/errors.ts";
import { readForm } from "../http/form-body.ts";

export const SIGN_IN_PATH = "/me/sign-in";

type Context = Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;

/** The visitor, or the way to sign in and come back here. */
export async function requireVisitor(
  sessions: Pick<WebSessions, "find">,
  request: Request,
  context: Context,
): Promise<Visitor | Response> {
  const visitor = await sessions.find(request, context);
  if (visitor !== undefined) return visitor;
  const { pathname, search } = new URL(request.url);
  const isPage = request.method === "GET" || request.method === "HEAD";
  if (isPage) return toSignIn(pathname + search);
  // Many forms go where there is no page, and what was typed is gone: to the first page, and say so.
  const [, surface = ""] = pathname.split("/");
  return seeOther(`${SIGN_IN_PATH}?next=%2F${surface}&${UNSENT}=yes`);
}

/** Said to whoever sent a form after their session had ended. */
export const UNSENT = "unsent";

/** The page on which one signs in, and which leads on to `next`, a path of ours. */
export function toSignIn(next: string): Response {
  const location = isPlainPath(next)
    ? `${SIGN_IN_PATH}?next=${encodeURIComponent(next)}`
    : SIGN_IN_PATH;
  return seeOther(location);
}

/** After a form: a reload must not send it again. */
export function seeOther(location: string, headers: HeadersInit = {}): Response {
  const all = new Headers(headers);
  all.set("location", location);
  all.set("cache-control", "no-store");
  return new Response(null, { status: 303, headers: all });
}

/** The fields of a form of this visitor's own. Throws `forbidden`, `too_large`, `unsupported_media_type`. */
export async function readOwnForm(
  request: Request,
  { visitor, ownOrigin }: Readonly<{ visitor: Visitor; ownOrigin: string }>,
): Promise<URLSearchParams> {
  const form = await readForm(request);
  await requireOwnForm({ request, ownOrigin, token: form.get("form_token") ?? "" }, visitor);
  return form;
}

/** Throws `forbidden` for everybody who may not use the owner's pages. */
export function requireAdmin(visitor: Visitor): void {
  if (visitor.isAdmin) return;
  throw new GatewayError("forbidden", "Cannot open the owner's pages: you are not an admin here");
}
