import { nameEntries } from "../config/backend-name.ts";
import type { JsonObject } from "../core/json.ts";
import type { ClientConfig, Machine } from "./client-configs.ts";
import { importEntry, type ImportedEntry } from "./import-entry.ts";
import { entriesOf } from "../connector/local-servers.ts";
import type { ClientServers } from "./read-client-config.ts";

type Taken = Extract<ImportedEntry, { kind: "entry" }>;
type From = Readonly<{ written: string; config: ClientConfig }>;

export type ImportPlan = Readonly<{
  add: readonly (From & Readonly<{ imported: Taken }>)[];
  collide: readonly (From & Readonly<{ reason: string }>)[];
  skip: readonly (From & Readonly<{ reason: string }>)[];
}>;

/** What of all that was found goes into `target`, where every entry stays as it is. */
export function planImport(
  found: readonly ClientServers[],
  { target, machine }: Readonly<{ target: JsonObject; machine: Machine }>,
): ImportPlan {
  const add: (From & { imported: Taken })[] = [];
  const collide: (From & { reason: string })[] = [];
  const skip: (From & { reason: string })[] = [];
  const present = nameEntries("mcpServers", Object.keys(entriesOf(target)));
  const there = new Set([...present.values()].map(({ name }) => name));

  for (const each of found) {
    if (each.kind === "broken") continue;
    const { config } = each;
    for (const [written, given] of Object.entries(each.servers)) {
      const from = { written, config };
      const imported = importEntry(written, given, { folder: config.project, machine });
      if (imported.kind === "skipped") {
        skip.push({ ...from, reason: imported.reason });
        continue;
      }
      const { name } = imported.backend;
      const other = add.find((known) => known.imported.backend.name === name);
      if (there.has(name)) {
        collide.push({ ...from, reason: "the file has it already, and it stays as it is there" });
      } else if (other === undefined) add.push({ ...from, imported });
      else if (isSame(other.imported.entry, imported.entry)) {
        skip.push({ ...from, reason: "the same was found before" });
      } else {
        collide.push({ ...from, reason: "another of that name was found before, which is added" });
      }
    }
  }
  return { add, collide, skip };
}

function isSame(left: JsonObject, right: JsonObject): boolean {
  return inOrder(left) === inOrder(right);
}

function inOrder(entry: JsonObject): string {
  return JSON.stringify(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
