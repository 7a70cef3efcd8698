import { Hono } from "hono";
import type { ApiKeyRecord } from "../auth/api-key.ts";
import { OWNER_ID, toUserId } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import { COPY_SCRIPT } from "../pages/copyable.tsx";
import { formProblem, type FormProblem } from "../pages/form-problem.ts";
import { KeyForm } from "../pages/key-form.tsx";
import { KeyPage, NewKey } from "../pages/key-page.tsx";
import { KeyTable } from "../pages/key-table.tsx";
import { readOwnersKeyForm } from "../pages/read-key-form.ts";
import { seeOther } from "../pages/require-visitor.ts";
import { findScopeChoices } from "../pages/scope-choices.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";

const KEYS = "/admin/keys";
const NOBODY = "nobody’s";

/** `/admin/keys`: the keys of everybody. */
export function createKeysPages(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    KEYS,
    ownerPage(needs, async ({ visitor, query }) => {
      const [keys, people] = await Promise.all([needs.keys.list(), peopleOf(needs)]);
      const names = new Map(people);
      return renderOwnerPage(
        { visitor },
        {
          title: "Keys",
          open: KEYS,
          content: (
            <>
              <h1>Keys</h1>
              <DoneNotice query={query} />
              <p>
                For programs that do not sign in. A key works on every surface: MCP, OpenAI and
                REST.
              </p>
              <p class="bar">
                <a class="button main" href={`${KEYS}/new`}>
                  Create a key
                </a>
              </p>
              {keys.length === 0 ? (
                <p class="dim">There are none yet.</p>
              ) : (
                <KeyTable
                  keys={keys}
                  now={needs.now()}
                  under={KEYS}
                  nameOf={(user) => names.get(user ?? "") ?? "somebody who is gone"}
                />
              )}
            </>
          ),
        },
      );
    }),
  );

  routes.get(
    `${KEYS}/new`,
    ownerPage(needs, (visit) => {
      return show(needs, visit, new URLSearchParams({ user: visit.query("user") }));
    }),
  );

  routes.post(
    `${KEYS}/new`,
    ownerForm(needs, async (visit) => {
      const { form } = visit;
      try {
        const user = await readUser(needs, form);
        const wish = readOwnersKeyForm(form, needs.now());
        const { key, record } = await needs.keys.create({ ...wish, user });
        return await renderOwnerPage(visit, {
          title: "New key",
          status: 201,
          open: KEYS,
          script: COPY_SCRIPT,
          content: (
            <NewKey
              secret={key}
              record={record}
              back={KEYS}
              connect="/admin/connect"
              origin={visit.origin}
            />
          ),
        });
      } catch (thrown) {
        return show(needs, visit, form, formProblem(thrown));
      }
    }),
  );

  routes.get(
    `${KEYS}/:id`,
    ownerPage(needs, async ({ visitor, param }) => {
      const [record, people] = await Promise.all([requireKey(needs, param("id")), peopleOf(needs)]);
      return renderOwnerPage(
        { visitor },
        {
          title: `Key ${record.name}`,
          open: KEYS,
          content: (
            <KeyPage
              record={record}
              now={needs.now()}
              visitor={visitor}
              action={`${KEYS}/${record.id}`}
              whose={new Map(people).get(record.user ?? "") ?? "somebody who is gone"}
            />
          ),
        },
      );
    }),
  );

  routes.post(
    `${KEYS}/:id`,
    ownerForm(needs, async ({ param }) => {
      await needs.keys.revoke((await requireKey(needs, param("id"))).id);
      return seeOther(`${KEYS}?done=revoked`);
    }),
  );

  return routes;
}

async function show(
  needs: AdminPageNeeds,
  { visitor, context }: OwnerVisit,
  typed: URLSearchParams,
  refusal?: FormProblem,
): Promise<Response> {
  const [choices, people] = await Promise.all([
    findScopeChoices(needs, visitor, context),
    peopleOf(needs),
  ]);
  return renderOwnerPage(
    { visitor },
    {
      title: "Create a key",
      status: refusal?.status ?? 200,
      open: KEYS,
      content: (
        <>
          <h1>Create a key</h1>
          <KeyForm
            action={`${KEYS}/new`}
            visitor={visitor}
            choices={choices}
            typed={typed}
            problem={refusal?.problem}
            people={people}
          />
        </>
      ),
    },
  );
}

async function requireKey(
  { keys }: Pick<AdminPageNeeds, "keys">,
  id: string,
): Promise<ApiKeyRecord> {
  const record = (await keys.list()).find((key) => key.id === id);
  if (record !== undefined) return record;
  throw new GatewayError("not_found", "Cannot find the key: there is no such key");
}

/** Whose a key can be, as a form offers it; the empty id is nobody. */
async function peopleOf({
  users,
}: Pick<AdminPageNeeds, "users">): Promise<readonly (readonly [string, string])[]> {
  const people = await users.list();
  return [
    ["", NOBODY],
    [OWNER_ID, "the owner’s"],
    ...people.map(
      ({ id, name, email }) => [id, email === undefined ? name : `${name} (${email})`] as const,
    ),
  ];
}

async function readUser({ users }: AdminPageNeeds, form: URLSearchParams) {
  const id = form.get("user") ?? "";
  if (id === "") return undefined;
  if (id === OWNER_ID) return OWNER_ID;
  if ((await users.find(id)) !== undefined) return toUserId(id);
  throw new GatewayError("invalid_params", "Cannot create a key: there is no such person");
}
