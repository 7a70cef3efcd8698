import { html } from "hono/html";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { type DocsContent, readDocument } from "./docs-operations.ts";
import {
  type BackendStates,
  backendSections,
  chip,
  counted,
  otherPaths,
  toolList,
} from "./docs-sections.ts";
import { renderShell } from "./docs-shell.ts";
import { keyForm } from "./docs-sign-in.ts";
import { type Markup, plain, prose } from "../pages/stranger-text.ts";

export type DocsPage = Readonly<{
  /** As `restDocument` makes it for this caller; the page shows nothing else. */
  document: JsonObject;
  /** Undefined: of all backends. */
  backend: BackendName | undefined;
  /** How the backends are that the caller may know of. */
  states: BackendStates;
  /** The request carried a credential; without one the page asks for it before a tool is tried. */
  signedIn: boolean;
  /** What links to other pages carry on: how the reader signs in. */
  query: string;
}>;

/** Ten times what two hundred tools take; more would not fit into memory with all of its copies. */
const MAX_FIELDS_TEXT = 8 * 1024 * 1024;

/** The page that shows a document and tries its tools; all but trying works without a script. */
export function docsPage(page: DocsPage): Promise<Response> {
  const { document, backend, states, signedIn, query } = page;
  const content = readDocument(document);
  const { title, version, tools, base, components } = content;
  const parts = { components, room: { left: MAX_FIELDS_TEXT } };
  const own = backend === undefined ? undefined : states.find(({ name }) => name === backend);
  return renderShell({
    title: plain(title),
    status: 200,
    headers: {},
    content: html`<header>
        ${backend === undefined ? "" : allBackends(base, backend, query)}
        <h1 tabindex="-1">
          ${plain(title)}
          <small>${plain(version)}</small> ${own === undefined ? "" : chip(own.state)}
        </h1>
        <div class="prose">${prose(introduction(content, states))}</div>
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
        ${backend === undefined ? backendSections({ content, parts, states, query }) : toolList(tools, parts)}
        ${otherPaths(content)}
      </main>
      <dialog id="ask" aria-label="API key">${keyForm(undefined, NOT_NOW)}</dialog>
      ${TRY}`,
  });
}

/** Without the lines that lead to the pages of backends: their sections do. */
function introduction({ description, base }: DocsContent, states: BackendStates): string {
  const links = states.map(({ name }) => `- [${name}](${base}/${name}/docs)`);
  return description
    .split("\n")
    .filter((line) => !links.some((link) => line.startsWith(link)))
    .join("\n");
}

const NOT_NOW = html`<button type="button" data-do="close">Not now</button>`;

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

function allBackends(base: string, backend: BackendName, query: string): Markup | string {
  const end = `/${backend}`;
  if (!base.endsWith(end)) return "";
  return html`<a href="${base.slice(0, -end.length)}/docs${query}" data-do="open">All backends</a>`;
}
