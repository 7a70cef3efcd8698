import * as z from "zod";
import type { AdminClient } from "./admin-client.ts";
import type { KeysOptions } from "./keys-line.ts";
import type { CommandOutput } from "./command-output.ts";
import { alignRows, oneLine } from "../shell/terminal.ts";

const patterns = z.array(z.string()).nullish();
const keyEntry = z.looseObject({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullish(),
  expired: z.boolean().default(false),
  allow: patterns,
  deny: patterns,
  models: patterns,
  connect: patterns,
  progress: z.string().nullish(),
  approvals: z.string().nullish(),
  openWebui: z.string().nullish(),
  resourceTools: z.boolean().default(false),
  readOnly: z.boolean().default(false),
  mode: z.string().nullish(),
  user: z.string().nullish(),
});
type KeyEntry = z.infer<typeof keyEntry>;
const keyList = z.looseObject({ keys: z.array(keyEntry) });
const created = z.looseObject({ ...keyEntry.shape, key: z.string() });

export async function keysCommand(
  options: KeysOptions,
  { client, output }: Readonly<{ client: AdminClient; output: CommandOutput }>,
): Promise<number> {
  const { print, tell } = output;
  switch (options.action) {
    case "list": {
      const answer = await client({
        what: "list keys",
        path: "/admin/api/keys",
        answer: keyList,
      });
      if (options.json) print(JSON.stringify(answer, null, 2));
      else for (const row of renderKeys(answer.keys)) print(row);
      return 0;
    }
    case "create": {
      const answer = await client({
        what: "create a key",
        path: "/admin/api/keys",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(options.request),
        answer: created,
      });
      if (options.json) print(JSON.stringify(answer, null, 2));
      else print(answer.key);
      tell(`Created ${answer.id} "${oneLine(answer.name)}", which may: ${describe(answer)}`);
      tell("The key is shown this once and stored nowhere: keep it now");
      return 0;
    }
    case "revoke": {
      const { id } = options;
      await client({
        what: "revoke a key",
        path: `/admin/api/keys/${encodeURIComponent(id)}`,
        method: "DELETE",
        answer: z.unknown(),
      });
      if (options.json) print(JSON.stringify({ revoked: id }));
      else print(`Revoked ${oneLine(id)}, everywhere within 5 s`);
      return 0;
    }
    default:
      return options satisfies never;
  }
}

function renderKeys(keys: readonly KeyEntry[]): readonly string[] {
  if (keys.length === 0) return ["There are no keys"];
  const rows = keys.map((key) => [
    oneLine(key.id),
    oneLine(key.name, 40),
    key.createdAt.slice(0, 10),
    describeExpiry(key),
    describe(key),
  ]);
  return alignRows([["ID", "NAME", "CREATED", "EXPIRES", "MAY"], ...rows], "");
}

function describeExpiry({ expiresAt, expired }: KeyEntry): string {
  if (expired) return "expired";
  return expiresAt === undefined || expiresAt === null ? "never" : expiresAt.slice(0, 10);
}

/** What it lets whoever holds it do, in the words it was made with. */
function describe(key: KeyEntry): string {
  const { allow, deny, models, connect, progress, approvals, openWebui, resourceTools } = key;
  const parts = [
    ...said("connect", connect),
    ...said("allow", allow),
    ...said("deny", deny),
    ...said("models", models),
    ...said("progress", progress),
    ...said("approvals", approvals),
    ...said("open-webui", openWebui),
    ...(resourceTools ? ["resource-tools"] : []),
    ...(key.readOnly ? ["read-only"] : []),
    ...said("mode", key.mode),
    ...said("as user", key.user),
  ];
  const isLimited = (connect ?? []).length > 0 || (allow ?? []).length > 0;
  return oneLine((isLimited ? parts : ["everything", ...parts]).join("; "));
}

function said(
  word: string,
  value: readonly string[] | string | null | undefined,
): readonly string[] {
  if (value === undefined || value === null || value.length === 0) return [];
  return [`${word} ${[value].flat().join(", ")}`];
}
