import { Hono } from "hono";
import { renderFailure } from "../pages/failure-page.tsx";
import { createActivityPage } from "./activity-page.tsx";
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
import { createOverviewPage } from "./overview-page.tsx";
import { createVersionsPage } from "./versions-page.tsx";
import { createTryPage } from "./try-page.tsx";

/** The owner's pages under `/admin`, for whoever is signed in as one who may. */
export function createAdminPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.route("/", createOverviewPage(needs));
  routes.route("/", createActivityPage(needs));
  routes.route("/", createVersionsPage(needs));
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
