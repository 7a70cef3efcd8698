import { Hono } from "hono";
import { renderFailure } from "../pages/failure-page.tsx";
import { createAddBackendPage } from "./add-backend-page.tsx";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { createBackendPage } from "./backend-page.tsx";
import { createBackendLogin } from "./backend-login.ts";
import { createBackendsPage } from "./backends-page.tsx";
import { createClientsPages } from "./clients-page.tsx";
import { createConnectPage } from "./connect-page.tsx";
import { createKeysPages } from "./keys-page.tsx";
import { createPeoplePages } from "./people-page.tsx";
import { createPersonPages } from "./person-page.tsx";
import { renderOwnerPage } from "./owner-shell.tsx";
import { createTryPage } from "./try-page.tsx";
import { ownerPage } from "./owner-visit.ts";

/** The owner's pages under `/admin`, for whoever is signed in as one who may. */
export function createAdminPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    "/admin",
    ownerPage(needs, (visit) =>
      renderOwnerPage(visit, { title: "Overview", open: "/admin", content: <h1>Overview</h1> }),
    ),
  );
  routes.route("/", createAddBackendPage(needs));
  routes.route("/", createBackendsPage(needs));
  routes.route("/", createBackendPage(needs));
  routes.route("/", createTryPage(needs));
  routes.route("/", createPeoplePages(needs));
  routes.route("/", createPersonPages(needs));
  routes.route("/", createBackendLogin(needs));
  routes.route("/", createKeysPages(needs));
  routes.route("/", createClientsPages(needs));
  routes.route("/", createConnectPage(needs));
  routes.onError((thrown, c) => renderFailure(thrown, needs.requestIdOf(c.req.raw)));
  return routes;
}
