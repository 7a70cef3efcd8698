import { Hono } from "hono";
import { listGrants } from "../auth/granted-clients.ts";
import { userIdOf } from "../auth/user-store.ts";
import type { LoginStatus } from "../backends/logins.ts";
import type { UserRecord } from "../config/user-record.ts";
import { ClientTable } from "../pages/client-table.tsx";
import { formProblem, type FormProblem } from "../pages/form-problem.ts";
import { KeyTable } from "../pages/key-table.tsx";
import { FormToken, Notice } from "../pages/page.tsx";
import { writeRules } from "../pages/read-rules-form.ts";
import { seeOther } from "../pages/require-visitor.ts";
import { findScopeChoices, type ScopeChoice } from "../pages/scope-choices.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";
import { groupsOf, PEOPLE, PersonBadges, readPersonForm, showInvitation } from "./people-page.tsx";
import { PersonForm } from "./person-form.tsx";
import { requirePerson } from "./user-routes.ts";

/** `/admin/people/{id}`: one person, what is theirs, and their end. */
export function createPersonPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();
  const find = ({ param }: OwnerVisit) => requirePerson(needs.users, param("id"));

  routes.get(
    `${PEOPLE}/:id`,
    ownerPage(needs, async (visit) => show(needs, visit, await find(visit))),
  );

  routes.post(
    `${PEOPLE}/:id`,
    ownerForm(needs, async (visit) => {
      const { form } = visit;
      const person = await find(visit);
      try {
        const { email = null, ...change } = readPersonForm(form);
        const disabled = form.get("disabled") === "yes";
        await needs.users.change(person.id, {
          name: change.name,
          email,
          groups: change.groups ?? [],
          admin: change.admin ?? false,
          disabled,
          rules: change.rules ?? person.rules,
        });
        return seeOther(`${PEOPLE}/${person.id}?done=stored`);
      } catch (thrown) {
        return show(needs, visit, person, { ...formProblem(thrown), typed: form });
      }
    }),
  );

  routes.get(
    `${PEOPLE}/:id/invitation`,
    ownerPage(needs, async (visit) => seeOther(`${PEOPLE}/${(await find(visit)).id}`)),
  );

  routes.post(
    `${PEOPLE}/:id/invitation`,
    ownerForm(needs, async (visit) => showInvitation(needs, visit, await find(visit))),
  );

  routes.get(
    `${PEOPLE}/:id/remove`,
    ownerPage(needs, async (visit) => {
      const person = await find(visit);
      return renderOwnerPage(visit, {
        title: `Remove ${person.name}`,
        open: PEOPLE,
        content: (
          <>
            <h1>Remove {person.name}?</h1>
            <p>
              Their clients, keys, logins at backends and sessions are dead within 5 seconds, and
              nothing of it can be brought back. To keep it for later, switch them off instead.
            </p>
            <form method="post" action={`${PEOPLE}/${person.id}/remove`} class="bar">
              <FormToken visitor={visit.visitor} />
              <button class="danger">Remove {person.name}</button>
              <a class="button" href={`${PEOPLE}/${person.id}`}>
                Keep them
              </a>
            </form>
          </>
        ),
      });
    }),
  );

  routes.post(
    `${PEOPLE}/:id/remove`,
    ownerForm(needs, async (visit) => {
      await needs.removePerson((await find(visit)).id);
      return seeOther(`${PEOPLE}?done=gone`);
    }),
  );

  return routes;
}

async function show(
  needs: AdminPageNeeds,
  visit: OwnerVisit,
  person: UserRecord,
  refused?: FormProblem & Readonly<{ typed: URLSearchParams }>,
): Promise<Response> {
  const { visitor, context, origin } = visit;
  const user = userIdOf(person);
  const [choices, people, keys, grants, logins, { config }] = await Promise.all([
    findScopeChoices(needs, visitor, context),
    needs.users.list(),
    needs.keys.list(),
    listGrants(needs.grants(origin), user),
    needs.logins.list(user),
    needs.snapshots.current(context),
  ]);
  const own = keys.filter((key) => key.user === person.id);
  const at = `${PEOPLE}/${person.id}`;
  return renderOwnerPage(visit, {
    title: person.name,
    open: PEOPLE,
    status: refused?.status ?? 200,
    content: (
      <>
        <h1>
          {person.name} <PersonBadges person={person} now={needs.now()} />
        </h1>
        {refused === undefined ? (
          <DoneNotice query={visit.query} />
        ) : (
          <Notice kind="problem">{refused.problem}</Notice>
        )}
        <WayIn person={person} />
        <div class="bar">
          <form method="post" action={`${at}/invitation`} class="inline">
            <FormToken visitor={visitor} />
            <button>Make a new link to come in</button>
          </form>
          <a class="button" href={`/admin/keys/new?user=${person.id}`}>
            Create a key for them
          </a>
          <a class="button" href={`${at}/remove`}>
            Remove…
          </a>
        </div>
        <h2>Clients</h2>
        {grants.length === 0 ? (
          <p class="dim">They have let none in.</p>
        ) : (
          <ClientTable
            rows={grants.map((grant) => ({ grant, user }))}
            visitor={visitor}
            action="/admin/clients"
            back={at}
          />
        )}
        <h2>Keys</h2>
        {own.length === 0 ? (
          <p class="dim">They have none.</p>
        ) : (
          <KeyTable keys={own} now={needs.now()} under="/admin/keys" />
        )}
        {logins.length === 0 ? "" : <PersonLogins logins={logins} />}
        <h2>Who they are, and what they may do</h2>
        <PersonForm
          action={at}
          does="Store"
          visitor={visitor}
          choices={choices}
          groups={groupsOf(people, config.policy.groups)}
          typed={refused?.typed ?? fieldsOf(person, choices)}
          problem={undefined}
          isNew={false}
        />
      </>
    ),
  });
}

/** That they are there, and nothing by which one could act as the person. */
function PersonLogins({ logins }: Readonly<{ logins: readonly LoginStatus[] }>) {
  return (
    <>
      <h2>Logins at backends</h2>
      <ul>
        {logins.map(({ backend, account, state }) => (
          <li>
            {account === undefined ? backend : `${backend}:${account}`}{" "}
            <span class={state === "ready" ? "badge good" : "badge warn"}>
              {state === "ready" ? "logged in" : state}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function WayIn({ person }: Readonly<{ person: UserRecord }>) {
  const ways = [
    ...(person.password === undefined ? [] : ["a password"]),
    ...person.identities.map(({ issuer }) => issuer),
  ];
  return <p class="dim">{ways.length === 0 ? "" : `Comes in by ${ways.join(", ")}`}</p>;
}

function fieldsOf(person: UserRecord, choices: readonly ScopeChoice[]): URLSearchParams {
  const form = writeRules(person.rules, choices);
  form.set("name", person.name);
  form.set("email", person.email ?? "");
  form.set("groups", person.groups.join(", "));
  if (person.admin === true) form.set("admin", "yes");
  if (person.disabled === true) form.set("disabled", "yes");
  return form;
}
