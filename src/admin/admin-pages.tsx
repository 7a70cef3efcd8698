import { Hono } from "hono";
import { renderFailure } from "../pages/failure-page.tsx";
import { OWNER_MENU } from "../pages/menus.ts";
import { renderPage } from "../pages/page.tsx";
import { requireAdmin, requireVisitor } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";

/** The owner's pages under `/admin`, for whoever is signed in as one who may. */
export function createAdminPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get("/admin", async (c) => {
    const context = needs.contextOf(c.req.raw, c.executionCtx);
    const visitor = await requireVisitor(needs.sessions, c.req.raw, context);
    if (visitor instanceof Response) return visitor;
    requireAdmin(visitor);
    return renderPage({
      title: "Overview",
      visitor,
      menu: OWNER_MENU,
      open: "/admin",
      content: <h1>Overview</h1>,
    });
  });
  routes.onError((thrown, c) => renderFailure(thrown, needs.requestIdOf(c.req.raw)));
  return routes;
}
