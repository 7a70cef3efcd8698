import type { Child } from "hono/jsx";
import type { BackendReport } from "../config/backend-report.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";
import { BackendChip } from "./backend-chip.tsx";
import { isPersonalEntry } from "./config-entries.ts";
import type { BackendFacts } from "./backend-facts.ts";
import { BACKENDS_PATH, placeOf, stateOf } from "./backends-page.tsx";
import { HELP_SCRIPT } from "./help-script.ts";
import { DoneNotice, renderOwnerPage } from "./owner-shell.tsx";
import type { OwnerVisit } from "./owner-visit.ts";
import { SharedLogin } from "./shared-login.tsx";
import { Ago } from "./shown-time.tsx";
import { ToolReviews } from "./tool-reviews.tsx";
import { ToolSwitches } from "./tool-switches.tsx";

/** An entry has a URL and some headers; what is longer scrolls. */
const ENTRY_ROWS = 12;
/** As many a person reads; the report has all. */
const MAX_WARNINGS = 50;
const MAX_INSTRUCTIONS = 8_000;

export type BackendProblem = Readonly<{
  problem: string;
  status: number;
  /** What was typed into the entry. */
  typed?: string;
}>;

type BackendView = Readonly<{
  facts: BackendFacts;
  now: number;
  problem: BackendProblem | undefined;
}>;

export function renderBackend(visit: OwnerVisit, view: BackendView): Promise<Response> {
  const { facts, now, problem } = view;
  const { written, report, reviews, config } = facts;
  const { name } = written;
  const path = `${BACKENDS_PATH}/${name}`;
  const form = (
    <>
      <FormToken visitor={visit.visitor} />
      <input type="hidden" name="version" value={config.version} />
    </>
  );
  return renderOwnerPage(visit, {
    title: name,
    open: BACKENDS_PATH,
    status: problem?.status ?? 200,
    script: HELP_SCRIPT,
    content: (
      <>
        <p class="hint">
          <a href={BACKENDS_PATH}>Backends</a>
        </p>
        <h1>
          {name} <BackendChip state={stateOf(written, report)} />
        </h1>
        {problem === undefined ? "" : <Notice kind="problem">{problem.problem}</Notice>}
        <DoneNotice query={visit.query} />
        <Troubles report={report} path={path} form={form} />
        <Facts facts={facts} now={now} />
        <form method="post" action={`${path}/switch`} class="bar">
          {form}
          <button name="on" value={written.isEnabled ? "no" : "yes"}>
            Switch {written.isEnabled ? "off" : "on"}
          </button>
          <a class="button" href={`${path}/remove`}>
            Remove…
          </a>
        </form>
        <SharedLogin facts={facts} path={path} form={form} now={now} />
        <ToolReviews reviews={reviews} path={path} form={form} />
        <ToolSwitches facts={facts} path={path} form={form} />
        <Instructions facts={facts} />
        <details class="box" open={problem?.typed !== undefined}>
          <summary>Change the entry</summary>
          <form method="post" action={`${path}/entry`}>
            {form}
            <label for="entry">Entry of the config, as JSON</label>
            <p class="hint" id="entry-hint">
              What is shown as •••••• is a secret that stays as it is stored, unless you write
              another over it.
            </p>
            <textarea id="entry" name="entry" rows={ENTRY_ROWS} aria-describedby="entry-hint">
              {`\n${problem?.typed ?? JSON.stringify(written.entry, undefined, 2)}`}
            </textarea>
            <p class="bar">
              <button class="main">Store</button>
            </p>
          </form>
        </details>
      </>
    ),
  });
}

type Troubled = Readonly<{ report: BackendReport | undefined; path: string; form: Child }>;

function Troubles({ report }: Troubled) {
  if (report === undefined) return "";
  const { lastError, state, warnings } = report;
  return (
    <>
      {lastError === undefined || state === "ready" ? (
        ""
      ) : (
        <Notice kind="problem">{plain(lastError)}</Notice>
      )}
      {warnings.length === 0 ? (
        ""
      ) : (
        <details class="box" open={warnings.length <= 5}>
          <summary class="warn">
            {warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}
          </summary>
          <ul>
            {warnings.slice(0, MAX_WARNINGS).map((warning) => (
              <li>{plain(warning)}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Facts({ facts, now }: Readonly<{ facts: BackendFacts; now: number }>) {
  const { written, report } = facts;
  const { server, connector } = report ?? {};
  const rows: readonly (readonly [string, Child])[] = [
    ["Where", placeOf(written)],
    ...(server === undefined
      ? []
      : [["Introduces itself as", plain(`${server.name} ${server.version ?? ""}`)] as const]),
    ...(report?.protocolVersion === undefined
      ? []
      : [["Speaks", `MCP ${plain(report.protocolVersion)}`] as const]),
    ...(report === undefined || report.state === "connecting"
      ? []
      : [["Offers", isPersonalEntry(written) ? "each their own" : countsText(report)] as const]),
    ...(report?.latencyMs === undefined
      ? []
      : [["Answers within", `${Math.round(report.latencyMs)} ms`] as const]),
    ...(report?.lastSeen === undefined
      ? []
      : [["Last heard", <Ago at={report.lastSeen} now={now} />] as const]),
    ...(connector === undefined
      ? []
      : [
          [
            "Connector",
            <>
              connected <Ago at={connector.since} now={now} />
            </>,
          ] as const,
        ]),
  ];
  return (
    <dl class="facts">
      {rows.map(([term, value]) => (
        <>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

function countsText({ counts }: BackendReport): string {
  const parts = [
    [counts.tools, "tools"],
    [counts.prompts, "prompts"],
    [counts.resources, "resources"],
    [counts.resourceTemplates, "resource templates"],
  ] as const;
  return parts
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, what]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`)
    .join(", ");
}

/** What it says to models, which is worth reading before they do. */
function Instructions({ facts: { listing, written } }: Readonly<{ facts: BackendFacts }>) {
  const { instructions: ours } = written.entry;
  const theirs = listing?.instructions;
  if (theirs === undefined && typeof ours !== "string") return "";
  const text = typeof ours === "string" ? ours : (theirs ?? "");
  return (
    <details class="box">
      <summary>
        Instructions for models
        {ours === false ? " (not passed on)" : typeof ours === "string" ? " (your own)" : ""}
      </summary>
      <pre tabindex={0} aria-label="Instructions">
        {plain(text).slice(0, MAX_INSTRUCTIONS)}
      </pre>
    </details>
  );
}
