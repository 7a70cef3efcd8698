import type { GrantedClient } from "../auth/granted-clients.ts";
import type { Visitor } from "../auth/web-session.ts";
import type { UserId } from "../core/ids.ts";
import { FormToken } from "./page.tsx";
import { When } from "./when.tsx";

export type ClientRow = Readonly<{
  grant: GrantedClient;
  user: UserId;
  /** How the user is called; undefined where all rows are the reader's own. */
  name?: string;
}>;

const SHOWN_NAME = 80;

/** Clients that were let in by OAuth, each with the way to end it. */
export function ClientTable({
  rows,
  visitor,
  action,
  back,
}: Readonly<{
  rows: readonly ClientRow[];
  visitor: Visitor;
  action: string;
  /** The page that is shown afterwards, where it is not that of `action`. */
  back?: string;
}>) {
  const hasNames = rows.some(({ name }) => name !== undefined);
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Client</th>
          {hasNames ? <th scope="col">Person</th> : ""}
          <th scope="col">For</th>
          <th scope="col">Backends</th>
          <th scope="col">Since</th>
          <th scope="col">
            <span class="unseen">Revoke</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ grant, user, name }) => (
          <tr>
            <th scope="row">{clientLabel(grant)}</th>
            {name === undefined ? "" : <td data-label="Person">{name}</td>}
            <td data-label="For">
              {grant.scopes.map((scope) => (
                <code>/{scope}</code>
              ))}
            </td>
            <td data-label="Backends">
              {grant.backends === null ? "all" : grant.backends.join(", ")}
            </td>
            <td data-label="Since">
              <When at={Date.parse(grant.createdAt)} />
            </td>
            <td>
              <form method="post" action={action} class="inline">
                <FormToken visitor={visitor} />
                <input type="hidden" name="user" value={user} />
                <input type="hidden" name="grant" value={grant.id} />
                {back === undefined ? "" : <input type="hidden" name="back" value={back} />}
                <button class="danger" aria-label={`Revoke ${clientLabel(grant)}`}>
                  Revoke
                </button>
              </form>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Its own claim, cut and without characters that are not seen; or the host that vouches for it. */
function clientLabel({ clientName, clientId }: GrantedClient): string {
  const name = clientName ?? (URL.canParse(clientId) ? new URL(clientId).host : clientId);
  const seen = name.replaceAll(/[\p{Cc}\p{Cf}]/gu, "");
  return seen.length > SHOWN_NAME ? `${seen.slice(0, SHOWN_NAME)}…` : seen;
}
