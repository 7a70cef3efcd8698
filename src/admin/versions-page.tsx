import { Hono } from "hono";
import type { Visitor } from "../auth/web-session.ts";
import type { ConfigVersion } from "../config/registry.ts";
import { formProblem, type FormProblem } from "../pages/form-problem.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import { plain } from "../pages/stranger-text.ts";
import { When } from "../pages/when.tsx";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { BACKENDS_PATH } from "./backends-page.tsx";
import { parseVersion } from "./config-body.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";

const VERSIONS = "/admin/config";

/** What the config was, and going back to it. */
export function createVersionsPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  async function show(visit: OwnerVisit, failed?: FormProblem): Promise<Response> {
    const versions = await needs.registry().listConfigVersions();
    return renderOwnerPage(visit, {
      title: "Versions of the config",
      open: BACKENDS_PATH,
      status: failed?.status ?? 200,
      content: (
        <>
          <p class="hint">
            <a href={BACKENDS_PATH}>Backends</a>
          </p>
          <h1>Versions of the config</h1>
          {failed === undefined ? "" : <Notice kind="problem">{failed.problem}</Notice>}
          <DoneNotice query={visit.query} />
          {versions.length === 0 ? (
            <p class="dim">Nothing was ever changed.</p>
          ) : (
            <Versions versions={versions} visitor={visit.visitor} />
          )}
        </>
      ),
    });
  }

  routes.get(
    VERSIONS,
    ownerPage(needs, (visit) => show(visit)),
  );

  routes.get(
    `${VERSIONS}/:version`,
    ownerPage(needs, async (visit) => {
      const version = parseVersion(visit.param("version"));
      const { at, document } = await needs.registry().readConfig(version);
      return renderOwnerPage(visit, {
        title: `Version ${version}`,
        open: BACKENDS_PATH,
        content: (
          <>
            <p class="hint">
              <a href={VERSIONS}>Versions of the config</a>
            </p>
            <h1>Version {version}</h1>
            <p class="dim">
              <When at={at} />, without its secrets
            </p>
            <pre tabindex={0} aria-label={`Version ${version}`}>
              {JSON.stringify(document, undefined, 2)}
            </pre>
          </>
        ),
      });
    }),
  );

  routes.post(
    `${VERSIONS}/:version/restore`,
    ownerForm(needs, async (visit) => {
      try {
        await needs.registry().restoreConfig(parseVersion(visit.param("version")));
        return seeOther(`${VERSIONS}?done=restored`);
      } catch (thrown) {
        return show(visit, formProblem(thrown));
      }
    }),
  );

  return routes;
}

type Listed = Readonly<{ versions: readonly ConfigVersion[]; visitor: Visitor }>;

function Versions({ versions, visitor }: Listed) {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">When</th>
          <th scope="col">From</th>
          <th scope="col">Warnings</th>
          <th scope="col">
            <span class="unseen">Restore</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {versions.map(({ version, at, source, warnings }, place) => (
          <tr>
            <th scope="row">
              <a href={`${VERSIONS}/${version}`}>Version {version}</a>
            </th>
            <td>
              <When at={at} />
            </td>
            <td>{source === "file" ? "the local file" : "these pages or the API"}</td>
            <td>{warnings.map(plain).join("; ")}</td>
            <td>
              {place === 0 ? (
                <span class="badge good">in force</span>
              ) : (
                <form method="post" action={`${VERSIONS}/${version}/restore`} class="inline">
                  <FormToken visitor={visitor} />
                  <button>
                    Restore<span class="unseen"> version {version}</span>
                  </button>
                </form>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
