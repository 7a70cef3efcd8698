import { Hono } from "hono";
import { compileAccess } from "../auth/access.ts";
import { visitorCaller } from "../auth/visitor-caller.ts";
import type { Visitor } from "../auth/web-session.ts";
import type { LoginStatus } from "../backends/logins.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";
import type { MeNeeds } from "./me-needs.ts";
import { myPage, renderMyPage } from "./my-visit.tsx";

export const LOGINS_PATH = "/me/logins";

/** `/me/logins`: every backend that wants a login of the visitor's own, missing ones first. */
export function createMyLoginsPage(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(
    LOGINS_PATH,
    myPage(needs, async ({ visitor, context, query }) => {
      const snapshot = await needs.snapshots.current(context);
      const permits = compileAccess((await visitorCaller(visitor, snapshot)).access);
      const logins = (await needs.logins.list(visitor.userId))
        .filter(({ backend }) => permits(backend))
        .toSorted((a, b) => Number(a.state === "ready") - Number(b.state === "ready"));
      const done = logins.find(({ backend }) => backend === query("done"));
      return renderMyPage(
        { visitor },
        {
          title: "My logins",
          open: LOGINS_PATH,
          content: (
            <>
              <h1>My logins</h1>
              {done === undefined ? (
                ""
              ) : (
                <Notice kind="done">
                  Stored for {done.backend}. You can go back to where you came from.
                </Notice>
              )}
              <p>
                Services that the gateway uses in your name. What you log in to is yours alone:
                nobody else's calls go with it.
              </p>
              {logins.length === 0 ? (
                <p class="dim">No service here wants a login of your own.</p>
              ) : (
                <LoginTable logins={logins} visitor={visitor} />
              )}
            </>
          ),
        },
      );
    }),
  );

  return routes;
}

type Row = Readonly<{ login: LoginStatus; isOne: boolean; visitor: Visitor }>;

function LoginTable({
  logins,
  visitor,
}: Readonly<{ logins: readonly LoginStatus[]; visitor: Visitor }>) {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">State</th>
          <th scope="col">
            <span class="unseen">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {logins.map((login) => (
          <LoginRow
            login={login}
            isOne={logins.filter(({ backend }) => backend === login.backend).length === 1}
            visitor={visitor}
          />
        ))}
      </tbody>
    </table>
  );
}

function LoginRow({ login, isOne, visitor }: Row) {
  const { backend, account, state, problem, isDefault } = login;
  const query = account === undefined ? "" : `?account=${account}`;
  return (
    <tr>
      <th scope="row">
        {backend}
        {account === undefined ? "" : `:${account}`}
        {isOne || !isDefault ? "" : <small> (used where none is named)</small>}
      </th>
      <td>
        <StateChip state={state} />
        {problem === undefined ? "" : <p class="bad">{plain(problem)}</p>}
      </td>
      <td>
        <div class="bar">
          <a
            class={state === "ready" ? "button" : "button main"}
            href={`${LOGINS_PATH}/${backend}${query}`}
          >
            {state === "ready" ? "Log in again" : "Log in"}
            <span class="unseen"> to {backend}</span>
          </a>
          {state === "missing" ? (
            ""
          ) : (
            <>
              <a class="button" href={`${LOGINS_PATH}/${backend}?new=yes`}>
                Another account
              </a>
              {isDefault ? "" : <Action login={login} visitor={visitor} action="default" />}
              <Action login={login} visitor={visitor} action="forget" />
            </>
          )}
        </div>
      </td>
    </tr>
  );
}

const ACTIONS = { default: "Use where none is named", forget: "Forget" } as const;

function Action({
  login: { backend, account },
  visitor,
  action,
}: Readonly<{ login: LoginStatus; visitor: Visitor; action: keyof typeof ACTIONS }>) {
  return (
    <form method="post" action={`${LOGINS_PATH}/${backend}/${action}`} class="inline">
      <FormToken visitor={visitor} />
      <input type="hidden" name="account" value={account ?? ""} />
      <button class={action === "forget" ? "danger" : undefined}>
        {ACTIONS[action]}
        <span class="unseen"> {backend}</span>
      </button>
    </form>
  );
}

const STATES = {
  missing: { text: "not logged in", look: "warn" },
  ready: { text: "logged in", look: "good" },
  ended: { text: "has ended", look: "bad" },
} as const;

function StateChip({ state }: Pick<LoginStatus, "state">) {
  const { text, look } = STATES[state];
  return <span class={`badge ${look}`}>{text}</span>;
}
