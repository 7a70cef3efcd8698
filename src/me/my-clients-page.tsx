import { Hono } from "hono";
import { listGrants, revokeGrant } from "../auth/granted-clients.ts";
import { ClientTable } from "../pages/client-table.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import type { MeNeeds } from "./me-needs.ts";
import { myForm, myPage, renderMyPage, RevokedNotice } from "./my-visit.tsx";

const CLIENTS = "/me/clients";

/** `/me/clients`: the clients a visitor let in. */
export function createMyClientsPages(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(
    CLIENTS,
    myPage(needs, async ({ visitor, origin, query }) => {
      const grants = await listGrants(needs.grants(origin), visitor.userId);
      return renderMyPage(
        { visitor },
        {
          title: "My clients",
          open: CLIENTS,
          content: (
            <>
              <h1>My clients</h1>
              <RevokedNotice query={query} />
              <p>
                Programs you let act for you. Revoke what you do not know: it is refused within 5
                seconds and has to ask you again.
              </p>
              {grants.length === 0 ? (
                <p class="dim">
                  You have let none in yet. <a href="/me/connect">How to connect one</a>
                </p>
              ) : (
                <ClientTable
                  rows={grants.map((grant) => ({ grant, user: visitor.userId }))}
                  visitor={visitor}
                  action={CLIENTS}
                />
              )}
            </>
          ),
        },
      );
    }),
  );

  routes.post(
    CLIENTS,
    myForm(needs, async ({ visitor, origin, form }) => {
      // Whose it is, the session says: what the form says of a user is not looked at.
      await revokeGrant(needs.grants(origin), form.get("grant") ?? "", visitor.userId);
      return seeOther(`${CLIENTS}?done=revoked`);
    }),
  );

  return routes;
}
