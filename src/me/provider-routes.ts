import { Hono } from "hono";
import { JOIN_PATH } from "../auth/invitations.ts";
import { CALLBACK_PATH } from "../auth/provider-sign-in.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { seeOther, SIGN_IN_PATH } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";
import { wayOn } from "./way-on.ts";

/** The address here leads on with a code, and the one before may hold an invitation. */
const UNTOLD = { "referrer-policy": "no-referrer" };

/** `/me/sign-in/{provider}` and `/me/callback/{provider}`: there and back. */
export function createProviderRoutes(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(`${SIGN_IN_PATH}/:provider`, async (c) => {
    const request = c.req.raw;
    const next = wayOn(c.req.query("next"));
    const invitation = c.req.query("invitation");
    if (invitation !== undefined && !isFromOwnPage(request)) {
      return seeOther(`${JOIN_PATH}?code=${encodeURIComponent(invitation)}`, UNTOLD);
    }
    const { location, cookie } = await needs.providers.begin(c.req.param("provider"), {
      request,
      origin: requireOwnOrigin(needs.ownOrigin, request),
      context: needs.contextOf(request, c.executionCtx),
      next,
      invitation,
    });
    return seeOther(location, { ...UNTOLD, "set-cookie": cookie });
  });

  routes.get(`${CALLBACK_PATH}/:provider`, async (c) => {
    const request = c.req.raw;
    const context = needs.contextOf(request, c.executionCtx);
    const origin = requireOwnOrigin(needs.ownOrigin, request);
    const { userId, next, cookie } = await needs.providers.finish(c.req.param("provider"), {
      request,
      origin,
      context,
    });
    await needs.sessions.end(request, context); // of whoever was signed in here before
    const headers = new Headers(UNTOLD);
    headers.append("set-cookie", cookie);
    headers.append("set-cookie", await needs.sessions.begin(userId, request));
    return seeOther(next, headers);
  });

  return routes;
}

/**
 * Whoever follows a link with somebody else's invitation would bind their own account to another
 * person, and work as them from then on: they see first whose it is. Browsers that say nothing of
 * where a request is from are let through.
 */
function isFromOwnPage({ headers }: Request): boolean {
  return (headers.get("sec-fetch-site") ?? "same-origin") === "same-origin";
}
