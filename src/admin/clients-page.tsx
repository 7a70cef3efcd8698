import { Hono } from "hono";
import { findUser } from "../auth/find-user.ts";
import { listGrants, revokeGrant } from "../auth/granted-clients.ts";
import { OWNER_ID, toUserId } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { type ClientRow, ClientTable } from "../pages/client-table.tsx";
import { isPlainPath } from "../pages/plain-path.ts";
import { seeOther } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage } from "./owner-visit.ts";

const CLIENTS = "/admin/clients";
/** Each is an object that is asked; more are on the next page. */
const PEOPLE_A_PAGE = 25;

/** `/admin/clients`: who let which client in. */
export function createClientsPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    CLIENTS,
    ownerPage(needs, async ({ visitor, origin, query }) => {
      const everybody = await holders(needs);
      const from = Math.max(0, Number.parseInt(query("from"), 10) || 0);
      const asked = everybody.slice(from, from + PEOPLE_A_PAGE);
      const api = needs.grants(origin);
      const found = await Promise.all(
        asked.map(async ({ user, name }): Promise<readonly ClientRow[]> =>
          (await listGrants(api, user)).map((grant) => ({ grant, user, name })),
        ),
      );
      const rows = found.flat();
      const next = from + PEOPLE_A_PAGE;
      return renderOwnerPage(
        { visitor },
        {
          title: "Clients",
          open: CLIENTS,
          content: (
            <>
              <h1>Clients</h1>
              <DoneNotice query={query} />
              <p>
                Programs that somebody let in by signing in. What they call themselves is their own
                word. A client that is revoked is refused within 5 seconds and has to ask again.
              </p>
              {rows.length === 0 ? (
                <p class="dim">
                  {from === 0 ? "None are connected yet. " : "None of these people has one. "}
                  <a href="/admin/connect">How to connect one</a>
                </p>
              ) : (
                <ClientTable rows={rows} visitor={visitor} action={CLIENTS} />
              )}
              {next < everybody.length ? (
                <p>
                  <a href={`${CLIENTS}?from=${next}`}>
                    Clients of {everybody.length - next} more people
                  </a>
                </p>
              ) : (
                ""
              )}
            </>
          ),
        },
      );
    }),
  );

  routes.post(
    CLIENTS,
    ownerForm(needs, async ({ origin, form, context }) => {
      const user = findUser(await needs.snapshots.current(context), form.get("user") ?? "");
      if (user === undefined) {
        throw new GatewayError("not_found", "Cannot revoke the client: there is no such person");
      }
      await revokeGrant(needs.grants(origin), form.get("grant") ?? "", user);
      const back = form.get("back") ?? CLIENTS;
      return seeOther(`${isPlainPath(back) ? back : CLIENTS}?done=revoked`);
    }),
  );

  return routes;
}

/** Whoever can have let a client in: who is disabled has none that works. */
async function holders({
  users,
}: AdminPageNeeds): Promise<readonly Readonly<{ user: UserId; name: string }>[]> {
  const people = await users.list();
  return [
    { user: OWNER_ID, name: "Owner" },
    ...people
      .filter(({ disabled }) => disabled !== true)
      .map(({ id, name }) => ({ user: toUserId(id), name })),
  ];
}
