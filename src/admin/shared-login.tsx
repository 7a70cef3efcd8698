import type { Child } from "hono/jsx";
import type { LoginStatus } from "../backends/logins.ts";
import { plain } from "../pages/stranger-text.ts";
import { Ago } from "./shown-time.tsx";
import type { BackendFacts } from "./backend-facts.ts";
import { isPersonalEntry } from "./config-entries.ts";

type Login = Readonly<{ facts: BackendFacts; path: string; form: Child; now: number }>;

/** The login that everybody uses, or where each makes their own. */
export function SharedLogin({ facts, path, form, now }: Login) {
  const { login, written } = facts;
  if (written.isEnabled && isPersonalEntry(written)) {
    return (
      <section aria-labelledby="login">
        <h2 id="login">Logins</h2>
        <p>
          Everybody logs in here for themselves; <a href={`/me/logins/${written.name}`}>yours</a> is
          one of them.
        </p>
      </section>
    );
  }
  if (login === undefined) return "";
  return (
    <section aria-labelledby="login">
      <h2 id="login">Login</h2>
      <p>
        {STATES[login.state]}
        {login.since === undefined || login.state !== "ready" ? (
          ""
        ) : (
          <>
            {" "}
            <Ago at={login.since} now={now} />
          </>
        )}
        {login.issuer === undefined ? "" : <> at {plain(login.issuer)}</>}. All callers use it.
      </p>
      {login.problem === undefined ? "" : <p class="bad">{plain(login.problem)}</p>}
      {login.state === "ready" ? (
        <form method="post" action={`${path}/logout`} class="bar">
          {form}
          <button>Log out</button>
        </form>
      ) : (
        <LogIn login={login} path={path} form={form} />
      )}
    </section>
  );
}

function LogIn({ login, path, form }: Readonly<{ login: LoginStatus; path: string; form: Child }>) {
  return (
    <form method="post" action={`${path}/login`}>
      {form}
      {login.kind === "oauth" ? (
        ""
      ) : (
        <>
          <label for="key">Key</label>
          <input id="key" name="key" type="password" autocomplete="off" required />
        </>
      )}
      <p class="bar">
        <button class="main">{login.kind === "oauth" ? "Log in" : "Keep the key"}</button>
      </p>
    </form>
  );
}

const STATES: Readonly<Record<LoginStatus["state"], string>> = {
  missing: "Nobody has logged in yet",
  ready: "Logged in",
  ended: "The login has ended",
};
