import { Hono } from "hono";
import type { ApiKeyRecord } from "../auth/api-key.ts";
import type { Visitor } from "../auth/web-session.ts";
import { GatewayError } from "../core/errors.ts";
import { COPY_SCRIPT } from "../pages/copyable.tsx";
import { formProblem, type FormProblem } from "../pages/form-problem.ts";
import { KeyForm } from "../pages/key-form.tsx";
import { KeyPage, NewKey } from "../pages/key-page.tsx";
import { KeyTable } from "../pages/key-table.tsx";
import { readKeyForm } from "../pages/read-key-form.ts";
import { seeOther } from "../pages/require-visitor.ts";
import { findScopeChoices } from "../pages/scope-choices.ts";
import type { Visit } from "../pages/visit.ts";
import type { MeNeeds } from "./me-needs.ts";
import { myForm, myPage, renderMyPage, RevokedNotice } from "./my-visit.tsx";

const KEYS = "/me/keys";
/** One person's share of the thousand that there is room for. */
const MAX_OWN_KEYS = 50;

/** `/me/keys`: a visitor's own, and nobody else's. */
export function createMyKeysPages(needs: MeNeeds): Hono {
  const routes = new Hono();

  routes.get(
    KEYS,
    myPage(needs, async ({ visitor, query }) => {
      const keys = await findOwnKeys(needs, visitor);
      return renderMyPage(
        { visitor },
        {
          title: "My keys",
          open: KEYS,
          content: (
            <>
              <h1>My keys</h1>
              <RevokedNotice query={query} />
              <p>
                For programs that cannot sign in by themselves. A key can do what you can, or less.
              </p>
              <p class="bar">
                <a class="button main" href={`${KEYS}/new`}>
                  Create a key
                </a>
              </p>
              {keys.length === 0 ? (
                <p class="dim">You have none yet.</p>
              ) : (
                <KeyTable keys={keys} now={needs.now()} under={KEYS} />
              )}
            </>
          ),
        },
      );
    }),
  );

  routes.get(
    `${KEYS}/new`,
    myPage(needs, (visit) => show(needs, visit, new URLSearchParams())),
  );

  routes.post(
    `${KEYS}/new`,
    myForm(needs, async (visit) => {
      const { visitor, form, origin } = visit;
      try {
        await requireRoom(needs, visitor);
        const wish = readKeyForm(form, needs.now());
        const { key, record } = await needs.keys.create({ ...wish, user: visitor.userId });
        return await renderMyPage(
          { visitor },
          {
            title: "New key",
            status: 201,
            open: KEYS,
            script: COPY_SCRIPT,
            content: (
              <NewKey
                secret={key}
                record={record}
                back={KEYS}
                connect="/me/connect"
                origin={origin}
              />
            ),
          },
        );
      } catch (thrown) {
        return show(needs, visit, form, formProblem(thrown));
      }
    }),
  );

  routes.get(
    `${KEYS}/:id`,
    myPage(needs, async ({ visitor, param }) => {
      const record = await requireOwnKey(needs, visitor, param("id"));
      return renderMyPage(
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
              whose={undefined}
            />
          ),
        },
      );
    }),
  );

  routes.post(
    `${KEYS}/:id`,
    myForm(needs, async ({ visitor, param }) => {
      await needs.keys.revoke((await requireOwnKey(needs, visitor, param("id"))).id);
      return seeOther(`${KEYS}?done=revoked`);
    }),
  );

  return routes;
}

async function show(
  needs: MeNeeds,
  { visitor, context }: Visit,
  typed: URLSearchParams,
  refusal?: FormProblem,
): Promise<Response> {
  return renderMyPage(
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
            choices={await findScopeChoices(needs, visitor, context)}
            typed={typed}
            problem={refusal?.problem}
            people={undefined}
          />
        </>
      ),
    },
  );
}

export async function findOwnKeys(
  { keys }: Pick<MeNeeds, "keys">,
  { userId }: Visitor,
): Promise<readonly ApiKeyRecord[]> {
  return (await keys.list()).filter(({ user }) => user === userId);
}

/** Somebody else's key is as unknown as one that never was. */
async function requireOwnKey(needs: MeNeeds, visitor: Visitor, id: string): Promise<ApiKeyRecord> {
  const record = (await findOwnKeys(needs, visitor)).find((key) => key.id === id);
  if (record !== undefined) return record;
  throw new GatewayError("not_found", "Cannot find the key: there is no such key");
}

async function requireRoom(needs: MeNeeds, visitor: Visitor): Promise<void> {
  if ((await findOwnKeys(needs, visitor)).length < MAX_OWN_KEYS) return;
  throw new GatewayError(
    "conflict",
    `Cannot create a key: you have ${MAX_OWN_KEYS} already, revoke one first`,
  );
}
