import { html } from "hono/html";
import type { BackendReport } from "../config/backend-report.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { type DocsContent, type DocsTool, readDocument } from "./docs-operations.ts";
import { renderShell } from "./docs-shell.ts";
import { keyForm } from "./docs-sign-in.ts";
import { type Markup, plain, prose } from "./docs-text.ts";
import { toolDetails } from "./docs-tool.ts";

type BackendStates = readonly Readonly<{ name: BackendName; state: BackendReport["state"] }>[];

export type DocsPage = Readonly<{
  /** As `restDocument` makes it for this caller; the page shows nothing else. */
  document: JsonObject;
  /** Undefined: of all backends. */
  backend: BackendName | undefined;
  /** How the backends are that the caller may know of. */
  states: BackendStates;
  /** The request carried a credential; without one the page asks for it before a tool is tried. */
  signedIn: boolean;
}>;

/** The page that shows a document and tries its tools; all but trying works without a script. */
export function docsPage({ document, backend, states, signedIn }: DocsPage): Promise<Response> {
  const content = readDocument(document);
  const { title, version, tools, base } = content;
  const own = backend === undefined ? undefined : states.find(({ name }) => name === backend);
  return renderShell({
    title: plain(title),
    status: 200,
    headers: {},
    content: html`<header>
        ${backend === undefined ? "" : allBackends(base, backend)}
        <h1 tabindex="-1">
          ${plain(title)}
          <small>${plain(version)}</small> ${own === undefined ? "" : chip(own.state)}
        </h1>
        <div class="prose">${prose(content.description)}</div>
        <div class="bar">
          <a class="button" href="${base}/openapi.json" download="openapi.json" data-do="download"
            >Download openapi.json</a
          >
          <button type="button" data-do="key" hidden>
            ${signedIn ? "Use another key" : "Use a key"}
          </button>
          <button type="button" data-do="forget" hidden>Forget the key</button>
        </div>
        <p class="problem" role="alert" id="page-problem"></p>
      </header>
      <main data-signed-in="${String(signedIn)}">
        <div class="find" hidden>
          <input type="search" id="find" aria-label="Find a tool" placeholder="Find a tool" />
          <span role="status" id="found">${counted(tools.length)}</span>
        </div>
        ${backend === undefined ? sections(content, states) : list(tools, content)}
        ${others(content)}
      </main>
      <dialog id="ask" aria-label="API key">
        ${keyForm(undefined)} <button type="button" data-do="close">Not now</button>
      </dialog>
      ${TRY}`,
  });
}

/** Put into each tool when it is opened: two hundred of them would be a third of the page. */
const TRY = html`<template id="try">
  <textarea
    class="whole"
    rows="4"
    aria-label="All arguments as JSON"
    spellcheck="false"
    hidden
  ></textarea>
  <div class="bar">
    <button class="main" data-do="run">Run</button>
    <button type="button" data-do="cancel" hidden>Cancel</button>
    <button type="button" data-do="json" aria-pressed="false">Write as JSON</button>
    <button type="button" data-do="curl">Copy as curl</button>
  </div>
  <p role="status"></p>
  <div class="result"></div>
</template>`;

/** A section for each backend, also for those that have nothing to show now. */
function sections(content: DocsContent, states: BackendStates): readonly Markup[] {
  const known = new Map<string, BackendReport["state"] | undefined>([
    ...content.tools.map(({ group }) => [group, undefined] as const),
    ...states.map(({ name, state }) => [name, state] as const),
  ]);
  const names = [...known.keys()].toSorted();
  let before = 0;
  return names.map((name) => {
    const tools = content.tools.filter(({ group }) => group === name);
    const start = before;
    before += tools.length;
    const state = known.get(name);
    return html`<section>
      <h2>
        ${state === undefined ? name : html`<a href="${content.base}/${name}/docs" data-do="open">${name}</a>`}
        ${state === undefined ? "" : chip(state)} <small>${counted(tools.length)}</small>
      </h2>
      ${list(tools, content, start)}
    </section>`;
  });
}

function list(
  tools: readonly DocsTool[],
  { components }: DocsContent,
  start = 0,
): readonly Markup[] {
  return tools.map((tool, index) => toolDetails(tool, start + index, components));
}

function others({ others: listed }: DocsContent): Markup | string {
  if (listed.length === 0) return "";
  return html`<section>
    <h2>Also here</h2>
    <ul class="others">
      ${listed.map(({ method, path, summary }) => html`<li><code>${method} ${plain(path)}</code> ${plain(summary)}</li>`)}
    </ul>
  </section>`;
}

function allBackends(base: string, backend: BackendName): Markup | string {
  const end = `/${backend}`;
  if (!base.endsWith(end)) return "";
  return html`<a href="${base.slice(0, -end.length)}/docs" data-do="open">All backends</a>`;
}

const STATE_WORDS = {
  ready: "ready",
  connecting: "connecting",
  down: "not reachable",
  offline: "connector offline",
} as const satisfies Record<BackendReport["state"], string>;

function chip(state: BackendReport["state"]): Markup {
  return html`<i class="${state}">${STATE_WORDS[state]}</i>`;
}

function counted(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}
