import { Hono } from "hono";
import type { Visitor } from "../auth/web-session.ts";
import type { BackendReport } from "../config/backend-report.ts";
import type { SnapshotData } from "../config/registry.ts";
import { asGatewayError } from "../core/errors.ts";
import { maskUrl } from "../core/redact.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";
import { seeOther } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { BackendChip, type ShownState } from "./backend-chip.tsx";
import {
  type OpenConfig,
  openConfig,
  requireEntry,
  requireVersion,
  storeConfig,
} from "./change-config.ts";
import {
  isPersonalEntry,
  switchEntry,
  withEntries,
  withoutEntry,
  type WrittenEntry,
} from "./config-entries.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";

export const BACKENDS_PATH = "/admin/backends";

/** The list of backends, and switching, removing them. */
export function createBackendsPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  async function show(visit: OwnerVisit, problem?: string): Promise<Response> {
    const [config, snapshot, versions] = await Promise.all([
      openConfig(needs.registry()),
      needs.snapshots.current(visit.context),
      needs.registry().listConfigVersions(),
    ]);
    return renderOwnerPage(visit, {
      title: "Backends",
      open: BACKENDS_PATH,
      status: problem === undefined ? 200 : 409,
      content: (
        <>
          <h1>Backends</h1>
          {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
          <DoneNotice query={visit.query} />
          {versions.some(({ source }) => source === "file") ? (
            <p class="hint">
              This config has come from a file. What you change here holds until that file is edited
              or the gateway is started with it again; it stays among the versions.
            </p>
          ) : (
            ""
          )}
          <p class="bar">
            <a class="button main" href={`${BACKENDS_PATH}/add`}>
              Add a backend
            </a>
            <a class="button" href="/admin/config">
              Versions of the config
            </a>
          </p>
          {config.entries.length === 0 ? (
            <p>There is none yet.</p>
          ) : (
            <BackendTable config={config} snapshot={snapshot} visitor={visit.visitor} />
          )}
        </>
      ),
    });
  }

  routes.get(
    BACKENDS_PATH,
    ownerPage(needs, (visit) => show(visit)),
  );

  routes.post(
    `${BACKENDS_PATH}/:name/switch`,
    ownerForm(needs, async (visit) => {
      const isOn = visit.form.get("on") === "yes";
      try {
        const config = requireVersion(await openConfig(needs.registry()), visit.form);
        const entry = requireEntry(config, visit.param("name"));
        const changed = new Map([[entry.name, switchEntry(entry, isOn)]]);
        await storeConfig(needs.registry(), config, withEntries(config.document, changed));
        const back = visit.form.get("back") === "list" ? "" : `/${entry.name}`;
        return seeOther(`${BACKENDS_PATH}${back}?done=${isOn ? "on" : "off"}`);
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (error.code !== "conflict" && error.code !== "config_invalid") throw thrown;
        return show(visit, error.message);
      }
    }),
  );

  routes.get(
    `${BACKENDS_PATH}/:name/remove`,
    ownerPage(needs, async (visit) => {
      const config = await openConfig(needs.registry());
      const { name } = requireEntry(config, visit.param("name"));
      return renderOwnerPage(visit, {
        title: `Remove ${name}`,
        open: BACKENDS_PATH,
        content: (
          <>
            <h1>Remove {name}?</h1>
            <p>
              Its tools are gone from every client within 5 seconds, and what the gateway knows of
              it is forgotten: sessions, approvals, logins. An earlier version of the config brings
              the entry back, not those.
            </p>
            <form method="post" action={`${BACKENDS_PATH}/${name}/remove`} class="bar">
              <FormToken visitor={visit.visitor} />
              <input type="hidden" name="version" value={config.version} />
              <button class="danger">Remove {name}</button>
              <a class="button" href={`${BACKENDS_PATH}/${name}`}>
                Keep it
              </a>
            </form>
          </>
        ),
      });
    }),
  );

  routes.post(
    `${BACKENDS_PATH}/:name/remove`,
    ownerForm(needs, async (visit) => {
      try {
        const config = requireVersion(await openConfig(needs.registry()), visit.form);
        const entry = requireEntry(config, visit.param("name"));
        await storeConfig(needs.registry(), config, withoutEntry(config.document, entry));
        return seeOther(`${BACKENDS_PATH}?done=removed`);
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (error.code !== "conflict" && error.code !== "config_invalid") throw thrown;
        return show(visit, error.message);
      }
    }),
  );

  return routes;
}

type Tabled = Readonly<{ config: OpenConfig; snapshot: SnapshotData; visitor: Visitor }>;

function BackendTable({ config, snapshot, visitor }: Tabled) {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Where</th>
          <th scope="col">Offers</th>
          <th scope="col">
            <span class="unseen">Switch</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {config.entries.map((written) => {
          const report = snapshot.reports[written.name];
          return (
            <tr>
              <th scope="row">
                <a href={`${BACKENDS_PATH}/${written.name}`}>{written.name}</a>
              </th>
              <td>
                <BackendChip state={stateOf(written, report)} />{" "}
                {report?.login === "needed" ? <span class="badge warn">needs a login</span> : ""}{" "}
                {(report?.toReview ?? 0) === 0 ? (
                  ""
                ) : (
                  <span class="badge warn">{report?.toReview} to review</span>
                )}
                {report?.lastError === undefined || report.state === "ready" ? (
                  ""
                ) : (
                  <p class="bad">{plain(report.lastError)}</p>
                )}
              </td>
              <td>{placeOf(written)}</td>
              <td>{isPersonalEntry(written) ? "each their own" : offerText(report)}</td>
              <td>
                <SwitchForm written={written} version={config.version} visitor={visitor} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

type Switched = Readonly<{ written: WrittenEntry; version: number; visitor: Visitor }>;

function SwitchForm({ written: { name, isEnabled }, version, visitor }: Switched) {
  return (
    <form method="post" action={`${BACKENDS_PATH}/${name}/switch`} class="inline">
      <FormToken visitor={visitor} />
      <input type="hidden" name="version" value={version} />
      <input type="hidden" name="back" value="list" />
      <button name="on" value={isEnabled ? "no" : "yes"}>
        Switch {isEnabled ? "off" : "on"}
        <span class="unseen"> {name}</span>
      </button>
    </form>
  );
}

/** A backend without a report has not been tried to the end. */
export function stateOf(
  { isEnabled, entry }: WrittenEntry,
  report: BackendReport | undefined,
): ShownState {
  if (!isEnabled) return "off";
  return report?.state ?? (entry["connector"] === true ? "offline" : "connecting");
}

/** Where it is, without what may be its password. */
export function placeOf({ entry }: Pick<WrittenEntry, "entry">): string {
  const url = entry["url"] ?? entry["serverUrl"];
  if (typeof url === "string") return maskUrl(url);
  if (typeof entry["builtin"] === "string") return `built in: ${plain(entry["builtin"])}`;
  return "a local server, brought by the connector";
}

function offerText(report: BackendReport | undefined): string {
  if (report === undefined || report.state === "connecting") return "";
  const { tools, prompts, resources } = report.counts;
  return [
    tools === 1 ? "1 tool" : `${tools} tools`,
    ...(prompts === 0 ? [] : [`${prompts} prompts`]),
    ...(resources === 0 ? [] : [`${resources} resources`]),
  ].join(", ");
}
