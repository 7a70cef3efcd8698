import { Hono } from "hono";
import { listGrants } from "../auth/granted-clients.ts";
import { compileAccess } from "../auth/access.ts";
import { visitorCaller } from "../auth/visitor-caller.ts";
import type { Visitor } from "../auth/web-session.ts";
import type { BackendState } from "../config/backend-report.ts";
import { MissingLogins } from "./login-summary.tsx";
import type { MeNeeds } from "./me-needs.ts";
import { findOwnKeys } from "./my-keys-page.tsx";
import { myPage, renderMyPage } from "./my-visit.tsx";
import { PASSWORD_PATH } from "./password-page.tsx";

const ME = "/me";

/** `/me`: who a visitor is here, and what is theirs. */
export function createMyPage(needs: MeNeeds): Hono {
  return new Hono().get(
    ME,
    myPage(needs, async (visit) => {
      const { visitor, origin, context } = visit;
      const snapshot = await needs.snapshots.current(context);
      const caller = await visitorCaller(visitor, snapshot);
      const [keys, clients, backends, all] = await Promise.all([
        findOwnKeys(needs, visitor),
        listGrants(needs.grants(origin), visitor.userId),
        needs.gateway.status(caller, context),
        needs.logins.list(visitor.userId),
      ]);
      const permits = compileAccess(caller.access);
      const logins = all.filter(({ backend }) => permits(backend));
      const isMissing = (name: string): boolean =>
        logins.some(({ backend, state }) => backend === name && state !== "ready");
      return renderMyPage(visit, {
        title: "Me",
        open: ME,
        content: (
          <>
            <h1>{visitor.name}</h1>
            <Who visitor={visitor} groups={snapshot.users[visitor.userId]?.groups ?? []} />
            <MissingLogins logins={logins} />
            <ul class="cards">
              <Card
                title="Clients"
                text={`${count(clients.length, "program acts", "programs act")} for you`}
                links={[["/me/clients", "See and revoke"]]}
              />
              <Card
                title="Keys"
                text={`${count(keys.length, "key", "keys")} for programs that do not sign in`}
                links={[
                  ["/me/keys", "See and revoke"],
                  ["/me/keys/new", "Create one"],
                ]}
              />
              {logins.length === 0 ? (
                ""
              ) : (
                <Card
                  title="Logins"
                  text={`${logins.filter(({ state }) => state === "ready").length} of ${logins.length} at services used in your name`}
                  links={[["/me/logins", "See and change"]]}
                />
              )}
              {visitor.email === undefined ? (
                ""
              ) : (
                <Card
                  title="Password"
                  text="For signing in here with your mail address"
                  links={[[PASSWORD_PATH, "Change"]]}
                />
              )}
              <Card
                title="Connect"
                text="Claude, ChatGPT, editors, Open WebUI, your own programs"
                links={[
                  ["/me/connect", "Step by step"],
                  ["/docs", "Try tools"],
                ]}
              />
            </ul>
            <h2>What you may use</h2>
            {backends.length === 0 ? (
              <p class="dim">Nothing yet. The owner of this gateway decides.</p>
            ) : (
              <table class="stack">
                <thead>
                  <tr>
                    <th scope="col">Backend</th>
                    <th scope="col">Now</th>
                  </tr>
                </thead>
                <tbody>
                  {backends.map(({ name, state }) => (
                    <tr>
                      <th scope="row">{name}</th>
                      <td>
                        <StateBadge state={state} isMissing={isMissing(name)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </>
        ),
      });
    }),
  );
}

/** A backend is not ready for who has still to log in there. */
function StateBadge({ state, isMissing }: Readonly<{ state: BackendState; isMissing: boolean }>) {
  const isReady = state === "ready" && !isMissing;
  return (
    <span class={`badge ${isReady ? "good" : "warn"}`}>{isMissing ? "not logged in" : state}</span>
  );
}

function Who({ visitor, groups }: Readonly<{ visitor: Visitor; groups: readonly string[] }>) {
  return (
    <p class="dim">
      {[
        ...(visitor.email === undefined ? [] : [visitor.email]),
        ...(groups.length === 0 ? [] : [`in ${groups.join(", ")}`]),
        ...(visitor.isAdmin ? ["Runs this gateway"] : []),
      ].join(" · ")}
    </p>
  );
}

export function Card({
  title,
  text,
  links,
}: Readonly<{ title: string; text: string; links: readonly (readonly [string, string])[] }>) {
  return (
    <li class="card">
      <h2>{title}</h2>
      <p>{text}</p>
      <p class="bar">
        {links.map(([path, label]) => (
          <a href={path}>
            {label} <span class="unseen">({title})</span>
          </a>
        ))}
      </p>
    </li>
  );
}

function count(number: number, one: string, many: string): string {
  return `${number === 0 ? "No" : number} ${number === 1 ? one : many}`;
}
