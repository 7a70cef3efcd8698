import { Hono } from "hono";
import { renderFailure } from "../pages/failure-page.tsx";
import { createJoinRoutes } from "./join-page.tsx";
import { createLogInPages } from "./log-in-page.tsx";
import { createLoginCallback } from "./login-callback.ts";
import type { MeNeeds } from "./me-needs.ts";
import { createMyClientsPages } from "./my-clients-page.tsx";
import { createMyConnectPage } from "./my-connect-page.tsx";
import { createMyKeysPages } from "./my-keys-page.tsx";
import { createMyPage } from "./my-page.tsx";
import { createMyLoginsPage } from "./my-logins-page.tsx";
import { createPasswordPage } from "./password-page.tsx";
import { createProviderRoutes } from "./provider-routes.ts";
import { createSignInRoutes } from "./sign-in-page.tsx";

/** The pages of whoever is signed in: their keys, logins and clients. */
export function createMeRoutes(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.route("/", createMyPage(needs));
  routes.route("/", createSignInRoutes(needs));
  routes.route("/", createMyKeysPages(needs));
  routes.route("/", createMyClientsPages(needs));
  routes.route("/", createMyConnectPage(needs));
  routes.route("/", createJoinRoutes(needs));
  routes.route("/", createPasswordPage(needs));
  routes.route("/", createMyLoginsPage(needs));
  routes.route("/", createLogInPages(needs));
  routes.route("/", createLoginCallback(needs));
  routes.route("/", createProviderRoutes(needs));
  routes.onError((thrown, c) => renderFailure(thrown, needs.requestIdOf(c.req.raw)));
  return routes;
}
