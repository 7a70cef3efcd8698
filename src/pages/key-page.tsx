import type { ApiKeyRecord } from "../auth/api-key.ts";
import type { Visitor } from "../auth/web-session.ts";
import { Copyable } from "./copyable.tsx";
import { KeyBadges, scopeText } from "./key-table.tsx";
import { FormToken, Notice } from "./page.tsx";
import { When } from "./when.tsx";

/** The one time that a key is shown. */
export function NewKey({
  secret,
  record,
  back,
  connect,
  origin,
}: Readonly<{
  secret: string;
  record: ApiKeyRecord;
  back: string;
  connect: string;
  origin: string;
}>) {
  return (
    <>
      <h1>Key “{record.name}”</h1>
      <Notice kind="done">Made. Copy it now: it is not stored and is never shown again.</Notice>
      <Copyable id="secret" text={secret} label="the key" />
      {record.connect === undefined ? (
        <>
          <h2>Try it</h2>
          <Copyable
            id="try"
            text={`curl -H "Authorization: Bearer ${secret}" ${origin}/v1/tools`}
            label="a command that lists its tools"
          />
        </>
      ) : (
        ""
      )}
      <p class="bar">
        <a class="button main" href={connect}>
          Connect a client with it
        </a>
        <a class="button" href={back}>
          All keys
        </a>
      </p>
    </>
  );
}

/** One key, and the way to end it. */
export function KeyPage({
  record,
  now,
  visitor,
  action,
  whose,
}: Readonly<{
  record: ApiKeyRecord;
  now: number;
  visitor: Visitor;
  action: string;
  whose: string | undefined;
}>) {
  const { limits } = record;
  const facts: readonly (readonly [string, unknown])[] = [
    ["Id", <code>{record.id}</code>],
    ...(whose === undefined ? [] : [["Whose", whose] as const]),
    ["May use", scopeText(record)],
    ...(record.models === undefined ? [] : [["Models", record.models.join(", ")] as const]),
    ...(record.approvals === undefined ? [] : [["To be allowed", record.approvals] as const]),
    ...(limits === undefined ? [] : [["Limits", limitsText(limits)] as const]),
    ["Made", <When at={record.createdAt} />],
    [
      "Good until",
      record.expiresAt === undefined ? "it is revoked" : <When at={record.expiresAt} />,
    ],
  ];
  return (
    <>
      <h1>
        Key “{record.name}” <KeyBadges record={record} now={now} />
      </h1>
      <dl class="facts">
        {facts.map(([term, value]) => (
          <>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      <h2>Revoke it</h2>
      <p>Whoever uses it is refused within 5 seconds, and it cannot be brought back.</p>
      <form method="post" action={action} class="bar">
        <FormToken visitor={visitor} />
        <button class="danger">Revoke this key</button>
      </form>
    </>
  );
}

export function limitsText(limits: NonNullable<ApiKeyRecord["limits"]>): string {
  const { concurrent, perMinute, perDay } = limits;
  return [
    ...(concurrent === undefined ? [] : [`${concurrent} at once`]),
    ...(perMinute === undefined ? [] : [`${perMinute} a minute`]),
    ...(perDay === undefined ? [] : [`${perDay} a day`]),
  ].join(", ");
}
