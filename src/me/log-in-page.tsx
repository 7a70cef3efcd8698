import { Hono } from "hono";
import type { LoginHolder, LoginStatus } from "../backends/logins.ts";
import { renderOnward } from "../pages/onward-page.tsx";
import { FormToken } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";
import { seeOther } from "../pages/require-visitor.ts";
import type { Visit } from "../pages/visit.ts";
import { findHolder, type FoundHolder } from "./login-holder.ts";
import type { MeNeeds } from "./me-needs.ts";
import { LOGINS_PATH } from "./my-logins-page.tsx";
import { myForm, myPage, renderMyPage } from "./my-visit.tsx";

/** `/me/logins/{backend}`: logging in to one service, where links in chats and clients lead. */
export function createLogInPages(needs: MeNeeds): Hono {
  const routes = new Hono();

  const holderOf = (visit: Visit, read: (name: string) => string): Promise<FoundHolder> =>
    findHolder(needs, visit, {
      backend: visit.param("backend"),
      account: read("account"),
      forUser: read("for"),
    });

  routes.get(
    `${LOGINS_PATH}/:backend`,
    myPage(needs, async (visit) => {
      const found = await holderOf(visit, visit.query);
      const { backend, user } = found.holder;
      const known = (await needs.logins.list(user)).filter((login) => login.backend === backend);
      const isNew = visit.query("new") === "yes";
      return renderMyPage(visit, {
        title: `Log in to ${backend}`,
        open: LOGINS_PATH,
        content: <LogIn visit={visit} found={found} known={known} isNew={isNew} />,
      });
    }),
  );

  routes.post(
    `${LOGINS_PATH}/:backend`,
    myForm(needs, async (visit) => {
      const { holder, forName } = await holderOf(visit, (name) => visit.form.get(name) ?? "");
      const key = visit.form.get("key");
      const done = forName === undefined ? `${LOGINS_PATH}?done=${holder.backend}` : LOGINS_PATH;
      if (key !== null) {
        await needs.logins.putKey(holder, key);
        return seeOther(done);
      }
      const { origin, visitor } = visit;
      const to = { origin, visitor: visitor.userId, next: done };
      return renderOnward(await needs.logins.begin(holder, to), { visitor, what: holder.backend });
    }),
  );

  for (const [path, change] of [
    ["forget", (holder: LoginHolder) => needs.logins.forget(holder)],
    ["default", (holder: LoginHolder) => needs.logins.prefer(holder)],
  ] as const) {
    routes.post(
      `${LOGINS_PATH}/:backend/${path}`,
      myForm(needs, async (visit) => {
        const { holder } = await holderOf(visit, (name) => visit.form.get(name) ?? "");
        await change(holder);
        return seeOther(LOGINS_PATH);
      }),
    );
  }

  return routes;
}

type Shown = Readonly<{
  visit: Visit;
  found: FoundHolder;
  known: readonly LoginStatus[];
  isNew: boolean;
}>;

function LogIn({ visit, found: { holder, forName }, known, isNew }: Shown) {
  const { backend, account, user } = holder;
  const login = known.find((one) => one.account === account) ?? known[0];
  return (
    <>
      <h1>Log in to {backend}</h1>
      {forName === undefined ? (
        <p>
          The gateway will use {backend} in your name, in every client that you have let in and that
          may use it. Nobody else's calls go with your login.
        </p>
      ) : (
        <p class="notice problem">
          You are about to log in <b>for {plain(forName)}</b>, not for yourself: their calls will go
          with the account you log in to. Go on only if it was you who asked for this link.
        </p>
      )}
      <form method="post" action={`${LOGINS_PATH}/${backend}`}>
        <FormToken visitor={visit.visitor} />
        {forName === undefined ? "" : <input type="hidden" name="for" value={user} />}
        {isNew ? (
          <>
            <label for="account">Name of the account</label>
            <input
              id="account"
              name="account"
              required
              pattern="[a-z][a-z0-9\-]{0,30}"
              autocomplete="off"
              aria-describedby="account-hint"
            />
            <p class="hint" id="account-hint">
              Yours to choose, for example work or home: it is then called {backend}:work
            </p>
          </>
        ) : (
          <input type="hidden" name="account" value={account ?? ""} />
        )}
        {login?.kind === "key" ? (
          <>
            <label for="key">Your key for {backend}</label>
            <input id="key" name="key" type="password" autocomplete="off" required />
            <p class="hint">It is kept encrypted and shown to nobody, you included.</p>
          </>
        ) : (
          ""
        )}
        <p class="bar">
          <button class="main">{login?.kind === "key" ? "Keep the key" : "Log in"}</button>
          <a class="button" href={LOGINS_PATH}>
            Not now
          </a>
        </p>
      </form>
    </>
  );
}
