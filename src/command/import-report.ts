import { homedir } from "node:os";
import { CLIENTS, type ClientConfig } from "./client-configs.ts";
import type { ImportPlan } from "./import-plan.ts";
import type { ClientServers } from "./read-client-config.ts";
import { alignRows, countOf, oneLine } from "../shell/terminal.ts";

const MAX_NAME = 60;

/** What was found and what would become of it, for eyes; nothing secret is in it. */
export function renderImport(
  found: readonly ClientServers[],
  { add, collide, skip }: ImportPlan,
): readonly string[] {
  const sources = found.map((each) => [
    CLIENTS[each.config.client],
    shortPath(each.config) + (each.config.project === undefined ? "" : " (of this project)"),
    each.kind === "broken"
      ? `not read: ${oneLine(each.reason)}`
      : countOf(Object.keys(each.servers).length, "server"),
  ]);
  const secrets = add.flatMap(({ imported }) =>
    imported.secrets.map(({ path, name }) => [
      oneLine(`${imported.backend.name}.${path}`, 100),
      `\${${name}}`,
    ]),
  );
  const references = [...new Set(add.flatMap(({ imported }) => imported.references))];
  const leftOut = add.flatMap(({ imported }) =>
    imported.leftOut.length === 0
      ? []
      : [[imported.backend.name, oneLine(imported.leftOut.join(", "), 120)]],
  );
  return [
    ...part("Found", sources),
    ...part(
      "Would add",
      add.map(({ imported, config }) => [
        imported.backend.name,
        imported.backend.transport.kind,
        oneLine(imported.shown, 100),
        `from ${CLIENTS[config.client]}`,
      ]),
    ),
    ...part("Collides", reasons(collide)),
    ...part("Skipped", reasons(skip)),
    ...part("Of other programs, left out or without meaning here", leftOut),
    ...part(
      "Secrets are copied as they are written; keep them as variables and write instead",
      secrets,
    ),
    ...(references.length === 0
      ? []
      : ["", `Needs a value, in the environment or .dev.vars: ${references.join(", ")}`]),
  ].slice(1);
}

function reasons(rows: ImportPlan["skip"]): readonly (readonly string[])[] {
  return rows.map(({ written, config, reason }) => [
    oneLine(written, MAX_NAME),
    `${oneLine(reason, 200)} (${CLIENTS[config.client]})`,
  ]);
}

function part(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : ["", title, ...alignRows(rows)];
}

function shortPath({ path }: ClientConfig): string {
  const home = homedir();
  return oneLine(path.startsWith(home) ? `~${path.slice(home.length)}` : path);
}
