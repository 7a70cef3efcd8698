import { Hono } from "hono";
import { renderFailure } from "../pages/failure-page.tsx";
import { PERSON_MENU } from "../pages/menus.ts";
import { renderPage } from "../pages/page.tsx";
import { requireVisitor } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";
import { createSignInRoutes } from "./sign-in-page.tsx";

/** The pages of whoever is signed in: their keys, logins and clients. */
export function createMeRoutes(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get("/me", async (c) => {
    const context = needs.contextOf(c.req.raw, c.executionCtx);
    const visitor = await requireVisitor(needs.sessions, c.req.raw, context);
    if (visitor instanceof Response) return visitor;
    return renderPage({
      title: "Me",
      visitor,
      menu: PERSON_MENU,
      open: "/me",
      content: <h1>{visitor.name}</h1>,
    });
  });
  routes.route("/", createSignInRoutes(needs));
  routes.onError((thrown, c) => renderFailure(thrown, needs.requestIdOf(c.req.raw)));
  return routes;
}
