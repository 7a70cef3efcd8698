import { Hono } from "hono";
import { hashPassword, MIN_PASSWORD } from "../auth/password.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import type { UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import type { Visit } from "../pages/visit.ts";
import type { MeNeeds } from "./me-needs.ts";
import { myForm, myPage, renderMyPage } from "./my-visit.tsx";

export const PASSWORD_PATH = "/me/password";

/** `/me/password`: a new one, for whoever knows the old one. A session alone is not enough. */
export function createPasswordPage(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(
    PASSWORD_PATH,
    myPage(needs, async (visit) => show(visit, await needs.users.find(visit.visitor.userId))),
  );

  routes.post(
    PASSWORD_PATH,
    myForm(needs, async (visit) => {
      const { visitor, form, request } = visit;
      const user = await needs.users.find(visitor.userId);
      const email = user?.email;
      if (user?.password === undefined || email === undefined) return show(visit, user);
      const wanted = form.get("password") ?? "";
      if (wanted !== form.get("repeated")) {
        return show(visit, user, "The two new passwords are not the same");
      }
      const current = form.get("current") ?? "";
      const verdict = await needs.passwords({ email, password: current }, request);
      if (verdict.kind === "wait") {
        throw new GatewayError("rate_limited", "Cannot change the password: too many attempts", {
          retryAfter: verdict.seconds,
        });
      }
      if (verdict.kind !== "person" || verdict.userId !== visitor.userId) {
        return show(visit, user, "The current password is wrong");
      }
      let password: string;
      try {
        password = await hashPassword(wanted);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return show(visit, user, error.message);
      }
      await needs.users.change(visitor.userId, { password });
      await needs.sessions.endAll(visitor.userId); // whoever knew the old one is out
      return seeOther("/me", {
        "set-cookie": await needs.sessions.begin(visitor.userId, request),
      });
    }),
  );

  return routes;
}

function show(
  { visitor }: Pick<Visit, "visitor">,
  user: UserRecord | undefined,
  problem?: string,
): Promise<Response> {
  return renderMyPage(
    { visitor },
    {
      title: "Password",
      open: "/me",
      status: problem === undefined ? 200 : 400,
      content: (
        <>
          <h1>Password</h1>
          {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
          {visitor.userId === OWNER_ID ? (
            <p>
              The owner's password is the secret <code>OWNER_PASSWORD</code> of this gateway: it is
              changed where the gateway runs.
            </p>
          ) : user?.password === undefined || user.email === undefined ? (
            <p>
              You have none here, because you sign in elsewhere. To choose one, ask the owner for a
              new invitation.
            </p>
          ) : (
            <form method="post" action={PASSWORD_PATH}>
              <FormToken visitor={visitor} />
              <input type="hidden" autocomplete="username" value={user.email} />
              <Field name="current" label="Current password" kind="current-password" />
              <Field name="password" label="New password" kind="new-password" />
              <p class="hint">At least {MIN_PASSWORD} characters.</p>
              <Field name="repeated" label="The new one again" kind="new-password" />
              <p class="hint">You are signed out everywhere else.</p>
              <p class="bar">
                <button class="main">Change</button>
              </p>
            </form>
          )}
        </>
      ),
    },
  );
}

function Field({ name, label, kind }: Readonly<{ name: string; label: string; kind: string }>) {
  return (
    <>
      <label for={name}>{label}</label>
      <input id={name} name={name} type="password" autocomplete={kind} required />
    </>
  );
}
