import { Hono } from "hono";
import type { NewUser } from "../auth/user-store.ts";
import type { UserRecord } from "../config/user-record.ts";
import { COPY_SCRIPT, Copyable } from "../pages/copyable.tsx";
import { formProblem, type FormProblem } from "../pages/form-problem.ts";
import { Notice } from "../pages/page.tsx";
import { linesOf } from "../pages/read-scope.ts";
import { readRulesForm } from "../pages/read-rules-form.ts";
import { findScopeChoices } from "../pages/scope-choices.ts";
import { When } from "../pages/when.tsx";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";
import { PersonForm } from "./person-form.tsx";

export const PEOPLE = "/admin/people";

/** `/admin/people`: who there is, and somebody new. */
export function createPeoplePages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    PEOPLE,
    ownerPage(needs, async (visit) => {
      const people = await needs.users.list();
      return renderOwnerPage(visit, {
        title: "People",
        open: PEOPLE,
        content: (
          <>
            <h1>People</h1>
            <DoneNotice query={visit.query} />
            <p>Each has their own clients, keys and logins. The owner is not in this list.</p>
            <p class="bar">
              <a class="button main" href={`${PEOPLE}/new`}>
                Invite somebody
              </a>
            </p>
            {people.length === 0 ? (
              <p class="dim">There is nobody yet.</p>
            ) : (
              <PeopleTable people={people} now={needs.now()} />
            )}
          </>
        ),
      });
    }),
  );

  routes.get(
    `${PEOPLE}/new`,
    ownerPage(needs, (visit) => show(needs, visit, new URLSearchParams())),
  );

  routes.post(
    `${PEOPLE}/new`,
    ownerForm(needs, async (visit) => {
      try {
        const person = await needs.users.create(readPersonForm(visit.form));
        return await showInvitation(needs, visit, person);
      } catch (thrown) {
        return show(needs, visit, visit.form, formProblem(thrown));
      }
    }),
  );

  return routes;
}

/** Throws `invalid_params`. */
export function readPersonForm(form: URLSearchParams): NewUser {
  const email = (form.get("email") ?? "").trim();
  return {
    name: form.get("name") ?? "",
    ...(email === "" ? {} : { email }),
    groups: linesOf(form.get("groups")),
    admin: form.get("admin") === "yes",
    rules: readRulesForm(form),
  };
}

/** The one time that a link is shown; the one before is dead from now on. */
export async function showInvitation(
  { invitations }: Pick<AdminPageNeeds, "invitations">,
  visit: OwnerVisit,
  { id, name, email }: UserRecord,
): Promise<Response> {
  const { link, expiresAt } = await invitations.invite(id, visit.origin);
  return renderOwnerPage(visit, {
    title: "Invitation",
    open: PEOPLE,
    status: 201,
    script: COPY_SCRIPT,
    content: (
      <>
        <h1>Invitation for {name}</h1>
        <Notice kind="done">
          Send this link to {email ?? "them"}. It is shown only now, works once, and until{" "}
          <When at={expiresAt} />.
        </Notice>
        <Copyable id="link" text={link} label="the link" />
        <p class="bar">
          <a class="button main" href={`${PEOPLE}/${id}`}>
            Go on to {name}
          </a>
          <a class="button" href={PEOPLE}>
            All people
          </a>
        </p>
      </>
    ),
  });
}

export function groupsOf(people: readonly UserRecord[], configured: object): readonly string[] {
  return [...new Set([...Object.keys(configured), ...people.flatMap(({ groups }) => groups)])]
    .toSorted()
    .slice(0, MAX_SHOWN_GROUPS);
}

/** A hint is no directory. */
const MAX_SHOWN_GROUPS = 30;

async function show(
  needs: AdminPageNeeds,
  visit: OwnerVisit,
  typed: URLSearchParams,
  refusal?: FormProblem,
): Promise<Response> {
  const { visitor, context } = visit;
  const [choices, people, { config }] = await Promise.all([
    findScopeChoices(needs, visitor, context),
    needs.users.list(),
    needs.snapshots.current(context),
  ]);
  return renderOwnerPage(visit, {
    title: "Invite somebody",
    open: PEOPLE,
    status: refusal?.status ?? 200,
    content: (
      <>
        <h1>Invite somebody</h1>
        <PersonForm
          action={`${PEOPLE}/new`}
          does="Create, and make a link"
          visitor={visitor}
          choices={choices}
          groups={groupsOf(people, config.policy.groups)}
          typed={typed}
          problem={refusal?.problem}
          isNew
        />
      </>
    ),
  });
}

function PeopleTable({ people, now }: Readonly<{ people: readonly UserRecord[]; now: number }>) {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Mail address</th>
          <th scope="col">Groups</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr>
            <th scope="row">
              <a href={`${PEOPLE}/${person.id}`}>{person.name}</a>{" "}
              <PersonBadges person={person} now={now} />
            </th>
            <td data-label="Mail">{person.email ?? ""}</td>
            <td data-label="Groups">{person.groups.join(", ")}</td>
            <td data-label="Since">
              <When at={person.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function PersonBadges({ person, now }: Readonly<{ person: UserRecord; now: number }>) {
  const { disabled, admin, rules, invitation, password, identities } = person;
  const isIn = password !== undefined || identities.length > 0;
  const isInvited = invitation !== undefined && invitation.expiresAt > now;
  return (
    <>
      {disabled === true ? <span class="badge bad">switched off</span> : ""}{" "}
      {admin === true ? <span class="badge">admin</span> : ""}{" "}
      {rules.readOnly === true ? <span class="badge">reads only</span> : ""}{" "}
      {isIn ? "" : <span class="badge warn">{isInvited ? "invited" : "has no way in yet"}</span>}
    </>
  );
}
