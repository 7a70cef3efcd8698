import { Hono } from "hono";
import { clientDocument } from "../backends/authorization-client.ts";
import { GatewayError } from "../core/errors.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { seeOther } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";

const NAME = "[a-z][a-z0-9-]{0,30}";

/** Where authorization servers of backends send browsers back, and what they may read about us. */
export function createLoginCallback(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(`/oauth/backend/:backend{${NAME}}/callback`, async (c) => {
    const request = c.req.raw;
    const origin = requireOwnOrigin(needs.ownOrigin, request);
    const context = needs.contextOf(request, c.executionCtx);
    const visitor = await needs.sessions.find(request, context);
    if (visitor === undefined) {
      throw new GatewayError(
        "forbidden",
        "Cannot log in: nobody is signed in to the gateway in this browser, begin again",
      );
    }
    const next = await needs.logins.finish(c.req.param("backend"), {
      params: new URL(request.url).searchParams,
      origin,
      visitor: visitor.userId,
    });
    return seeOther(next);
  });

  routes.get(`/oauth/backend/:backend{${NAME}}/client.json`, (c) =>
    c.json(clientDocument(requireOwnOrigin(needs.ownOrigin, c.req.raw), c.req.param("backend")), {
      headers: { "cache-control": "public, max-age=300" },
    }),
  );

  return routes;
}
