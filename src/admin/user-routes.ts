import { Hono } from "hono";
import type { Invitations } from "../auth/invitations.ts";
import type { RemovePerson } from "../auth/remove-person.ts";
import type { UserStore } from "../auth/user-store.ts";
import type { UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import { readJsonBody } from "../http/json-body.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { describeUser, parseNewUser, parseUserChange } from "./user-request.ts";

export type UserRouteNeeds = Readonly<{
  users: UserStore;
  invitations: Pick<Invitations, "invite">;
  removePerson: RemovePerson;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  now: () => number;
}>;

/** `/admin/api/users`: the people the owner knows. Whoever gets here is the owner. */
export function createUserRoutes(needs: UserRouteNeeds): Hono {
  const { users, invitations, removePerson, now } = needs;
  const routes = new Hono();

  routes.get("/admin/api/users", async (c) => {
    const all = await users.list();
    return c.json({ users: all.map((user) => describeUser(user, now())) });
  });

  routes.post("/admin/api/users", async (c) => {
    const user = await users.create(parseNewUser(await readJsonBody(c.req.raw)));
    return c.json(describeUser(user, now()), 201);
  });

  routes.get("/admin/api/users/:id", async (c) => {
    const user = await requirePerson(users, c.req.param("id"));
    return c.json(describeUser(user, now()));
  });

  routes.patch("/admin/api/users/:id", async (c) => {
    const change = parseUserChange(await readJsonBody(c.req.raw));
    return c.json(describeUser(await users.change(c.req.param("id"), change), now()));
  });

  routes.delete("/admin/api/users/:id", async (c) => {
    await removePerson(c.req.param("id"));
    return c.body(null, 204);
  });

  routes.post("/admin/api/users/:id/invitation", async (c) => {
    const origin = requireOwnOrigin(needs.ownOrigin, c.req.raw);
    const { link, expiresAt } = await invitations.invite(c.req.param("id"), origin);
    return c.json({ link, expiresAt: new Date(expiresAt).toISOString() }, 201);
  });

  return routes;
}

/** Throws `not_found`. */
export async function requirePerson(
  users: Pick<UserStore, "find">,
  id: string,
): Promise<UserRecord> {
  const user = await users.find(id);
  if (user !== undefined) return user;
  throw new GatewayError("not_found", `Cannot find user "${id.slice(0, 100)}"`);
}
