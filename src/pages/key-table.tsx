import type { ApiKeyRecord } from "../auth/api-key.ts";
import { When } from "./when.tsx";

export type KeyTableProps = Readonly<{
  keys: readonly ApiKeyRecord[];
  now: number;
  /** Where a key's own page is: under this path. */
  under: string;
  /** How its user is called; undefined where all are the reader's own. */
  nameOf?: (user: string | undefined) => string;
}>;

/** Keys, newest first. */
export function KeyTable({ keys, now, under, nameOf }: KeyTableProps) {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Name</th>
          {nameOf === undefined ? "" : <th scope="col">Whose</th>}
          <th scope="col">May use</th>
          <th scope="col">Made</th>
          <th scope="col">Good until</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr>
            <th scope="row">
              <a href={`${under}/${key.id}`}>{key.name}</a> <KeyBadges record={key} now={now} />
            </th>
            {nameOf === undefined ? "" : <td data-label="Whose">{nameOf(key.user)}</td>}
            <td data-label="May use">{scopeText(key)}</td>
            <td data-label="Made">
              <When at={key.createdAt} />
            </td>
            <td data-label="Good until">
              {key.expiresAt === undefined ? "revoked" : <When at={key.expiresAt} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function KeyBadges({ record, now }: Readonly<{ record: ApiKeyRecord; now: number }>) {
  const badges = [
    ...(record.expiresAt !== undefined && record.expiresAt <= now ? ["expired"] : []),
    ...(record.connect === undefined ? [] : ["connector"]),
    ...(record.readOnly === true ? ["reads only"] : []),
    ...(record.mode === "search" ? ["search"] : []),
    ...(record.openWebui === undefined ? [] : ["Open WebUI"]),
  ];
  return (
    <>
      {badges.map((text) => (
        <>
          <span class={text === "expired" ? "badge bad" : "badge"}>{text}</span>{" "}
        </>
      ))}
    </>
  );
}

const SHOWN = 3;

export function scopeText({ access, connect }: Pick<ApiKeyRecord, "access" | "connect">): string {
  if (connect !== undefined) return `brings ${shorten(connect)}`;
  const { allow, deny } = access;
  const allowed = allow.length === 0 ? "everything" : shorten(allow);
  return deny.length === 0 ? allowed : `${allowed}, never ${shorten(deny)}`;
}

function shorten(patterns: readonly string[]): string {
  const more = patterns.length - SHOWN;
  return `${patterns.slice(0, SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
