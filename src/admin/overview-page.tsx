import { Hono } from "hono";
import { visitorCaller } from "../auth/visitor-caller.ts";
import type { SnapshotData } from "../config/registry.ts";
import { Notice } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";
import type { AuditOverview } from "../telemetry/audit-store.ts";
import type { AdminPageNeeds, StatusExcerpt } from "./admin-page-needs.ts";
import { BackendChip } from "./backend-chip.tsx";
import { isPersonalEntry } from "./config-entries.ts";
import { BACKENDS_PATH, stateOf } from "./backends-page.tsx";
import { CallChart } from "./call-chart.tsx";
import { openConfig, type OpenConfig } from "./change-config.ts";
import { renderOwnerPage } from "./owner-shell.tsx";
import { ownerPage } from "./owner-visit.ts";

const HOUR = 3_600_000;
const HOURS = 24;
/** As many as are read; `/status` has all. */
const MAX_WARNINGS = 20;

/** How everything is, and what to do next. */
export function createOverviewPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    "/admin",
    ownerPage(needs, async (visit) => {
      const { context } = visit;
      const snapshot = await needs.snapshots.current(context);
      const [config, status, overview] = await Promise.all([
        openConfig(needs.registry()),
        visitorCaller(visit.visitor, snapshot).then((caller) => needs.status(caller, context)),
        needs.audit().overview({ since: needs.now() - HOURS * HOUR, step: HOUR }),
      ]);
      return renderOwnerPage(visit, {
        title: "Overview",
        open: "/admin",
        content: (
          <>
            <h1>Overview</h1>
            <NextSteps config={config} overview={overview} />
            <Attention config={config} snapshot={snapshot} />
            <Numbers config={config} snapshot={snapshot} overview={overview} status={status} />
            <h2>Calls in the last {HOURS} hours</h2>
            <CallChart steps={overview.steps} step={HOUR} />
            <h2>Backends</h2>
            <Health config={config} snapshot={snapshot} overview={overview} />
            <Warnings warnings={warningsOf(status)} />
          </>
        ),
      });
    }),
  );

  return routes;
}

type Parts = Readonly<{ config: OpenConfig; snapshot: SnapshotData; overview: AuditOverview }>;

/** Until there is something to look at, what one does first. */
function NextSteps({ config, overview }: Pick<Parts, "config" | "overview">) {
  const hasOwn = config.entries.some(({ entry }) => entry["builtin"] === undefined);
  const hasCalls = overview.backends.length > 0;
  if (hasOwn && hasCalls) return "";
  return (
    <section aria-labelledby="next" class="card">
      <h2 id="next">What to do next</h2>
      <ol>
        {hasOwn ? (
          ""
        ) : (
          <li>
            <a href={`${BACKENDS_PATH}/add`}>Add your first backend</a>: the address of an MCP
            server, or the file your client has.
          </li>
        )}
        {hasCalls ? (
          ""
        ) : (
          <li>
            <a href="/admin/connect">Connect a client</a>: Claude, ChatGPT, an editor, a script.
          </li>
        )}
      </ol>
    </section>
  );
}

/** What waits for the owner. */
function Attention({ config, snapshot }: Pick<Parts, "config" | "snapshot">) {
  const waiting = config.entries.flatMap(({ name, isEnabled }) => {
    const report = isEnabled ? snapshot.reports[name] : undefined;
    if (report === undefined) return [];
    const { toReview = 0, login } = report;
    return [
      ...(toReview === 0
        ? []
        : [{ name, text: toReview === 1 ? "1 tool to review" : `${toReview} tools to review` }]),
      ...(login === "needed" ? [{ name, text: "needs a login" }] : []),
    ];
  });
  if (waiting.length === 0) return "";
  return (
    <Notice kind="note">
      {waiting.map(({ name, text }, place) => (
        <>
          {place === 0 ? "" : " · "}
          <a href={`${BACKENDS_PATH}/${name}`}>
            {name}: {text}
          </a>
        </>
      ))}
    </Notice>
  );
}

function Numbers({ config, snapshot, overview, status }: Parts & { status: StatusExcerpt }) {
  const { plain: all, search } = status.toolList;
  const on = config.entries.filter(({ isEnabled }) => isEnabled);
  const reports = on.flatMap(({ name }) => snapshot.reports[name] ?? []);
  const ready = reports.filter(({ state }) => state === "ready");
  const calls = overview.steps.reduce((sum, step) => sum + step.calls, 0);
  const errors = overview.steps.reduce((sum, step) => sum + step.errors, 0);
  const tools = ready.reduce((sum, { counts }) => sum + counts.tools, 0);
  const numbers: readonly (readonly [string, string, string])[] = [
    [`${ready.length} of ${on.length}`, "backends are ready", BACKENDS_PATH],
    [
      String(tools),
      `tools, about ${inThousands(all.tokens)} tokens for a model; ${inThousands(search.tokens)} where it searches`,
      BACKENDS_PATH,
    ],
    [String(calls), `calls in ${HOURS} hours`, "/admin/activity?kind=call"],
    [String(errors), "of them failed", "/admin/activity?kind=call&outcome=trouble"],
  ];
  return (
    <ul class="cards numbers">
      {numbers.map(([number, what, href]) => (
        <li class="card">
          <a href={href}>
            <b>{number}</b> {what}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** A page reads the same everywhere, so it does not ask where its reader is. */
function inThousands(count: number): string {
  return count.toLocaleString("en");
}

function Health({ config, snapshot, overview }: Parts) {
  const counted = new Map(overview.backends.map((counts) => [counts.backend, counts]));
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Tools</th>
          <th scope="col">Calls</th>
          <th scope="col">Failed</th>
          <th scope="col">Mean</th>
        </tr>
      </thead>
      <tbody>
        {config.entries.map((written) => {
          const report = written.isEnabled ? snapshot.reports[written.name] : undefined;
          const counts = counted.get(written.name);
          return (
            <tr>
              <th scope="row">
                <a href={`${BACKENDS_PATH}/${written.name}`}>{written.name}</a>
              </th>
              <td>
                <BackendChip state={stateOf(written, report)} />{" "}
                {report?.lastError === undefined || report.state === "ready" ? (
                  ""
                ) : (
                  <span class="bad">{plain(report.lastError)}</span>
                )}
              </td>
              <td data-label="tools">
                {isPersonalEntry(written) ? "their own" : (report?.counts.tools ?? "")}
              </td>
              <td data-label="calls">{counts?.calls ?? ""}</td>
              <td data-label="failed">{counts?.errors ?? ""}</td>
              <td data-label="on average">
                {counts === undefined ? "" : `${Math.round(counts.ms)} ms`}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function warningsOf({ warnings, languageModels }: StatusExcerpt): readonly string[] {
  const models = languageModels.providers.flatMap(({ name, problem }) =>
    problem === null ? [] : [`Models of "${name}": ${problem}`],
  );
  return [...models, ...warnings];
}

function Warnings({ warnings }: Readonly<{ warnings: readonly string[] }>) {
  if (warnings.length === 0) return "";
  const more = warnings.length - MAX_WARNINGS;
  return (
    <details class="box">
      <summary>
        {warnings.length === 1 ? "1 thing" : `${warnings.length} things`} clients may stumble over
      </summary>
      <ul>
        {warnings.slice(0, MAX_WARNINGS).map((warning) => (
          <li>{plain(warning)}</li>
        ))}
        {more > 0 ? <li>And {more} more, which are in /status</li> : ""}
      </ul>
    </details>
  );
}
