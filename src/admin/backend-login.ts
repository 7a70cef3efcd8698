import { Hono } from "hono";
import type { LoginHolder } from "../backends/logins.ts";
import { SHARED } from "../backends/login-names.ts";
import { GatewayError } from "../core/errors.ts";
import { renderOnward } from "../pages/onward-page.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { BACKENDS_PATH } from "./backends-page.tsx";
import { ownerForm } from "./owner-visit.ts";

/**
 * `POST /admin/backends/{name}/login` and `…/logout`: the login that everybody shares. With a field
 * `key`, where the backend takes a key.
 */
export function createBackendLogin(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  async function holderOf(
    name: string,
    context: { waitUntil: (work: Promise<unknown>) => void },
  ): Promise<LoginHolder> {
    const { config } = await needs.snapshots.current(context);
    const found = config.backends.find((backend) => backend.name === name);
    if (found !== undefined) return { backend: found.name, user: SHARED, account: undefined };
    throw new GatewayError("not_found", `Cannot find backend "${name.slice(0, 40)}"`);
  }

  routes.post(
    `${BACKENDS_PATH}/:name/login`,
    ownerForm(needs, async ({ visitor, origin, context, form, param }) => {
      const holder = await holderOf(param("name"), context);
      const next = `${BACKENDS_PATH}/${holder.backend}?done=login`;
      const key = form.get("key");
      if (key !== null) {
        await needs.logins.putKey(holder, key);
        return seeOther(next);
      }
      const url = await needs.logins.begin(holder, { origin, visitor: visitor.userId, next });
      return renderOnward(url, { visitor, what: holder.backend });
    }),
  );

  routes.post(
    `${BACKENDS_PATH}/:name/logout`,
    ownerForm(needs, async ({ context, param }) => {
      const holder = await holderOf(param("name"), context);
      await needs.logins.forget(holder);
      return seeOther(`${BACKENDS_PATH}/${holder.backend}`);
    }),
  );

  return routes;
}
