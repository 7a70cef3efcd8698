import { html } from "hono/html";
import type { BackendReport } from "../config/backend-report.ts";
import type { BackendName } from "../core/ids.ts";
import type { DocsContent, DocsTool } from "./docs-operations.ts";
import { type Markup, plain } from "../pages/stranger-text.ts";
import { type PageParts, toolDetails } from "./docs-tool.ts";

export type BackendStates = readonly Readonly<{
  name: BackendName;
  state: BackendReport["state"];
}>[];

/** `query` is put to each link. */
type Sections = Readonly<{
  content: DocsContent;
  parts: PageParts;
  states: BackendStates;
  query: string;
}>;

/** A section for each backend, also for those that have nothing to show now. */
export function backendSections({ content, parts, states, query }: Sections): readonly Markup[] {
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
        ${state === undefined ? name : html`<a href="${content.base}/${name}/docs${query}" data-do="open">${name}</a>`}
        ${state === undefined ? "" : chip(state)} <small>${counted(tools.length)}</small>
      </h2>
      ${toolList(tools, parts, start)}
    </section>`;
  });
}

export function toolList(
  tools: readonly DocsTool[],
  parts: PageParts,
  start = 0,
): readonly Markup[] {
  return tools.map((tool, index) => toolDetails(tool, start + index, parts));
}

export function otherPaths({ others: listed }: DocsContent): Markup | string {
  if (listed.length === 0) return "";
  return html`<section>
    <h2>Also here</h2>
    <ul class="others">
      ${listed.map(({ method, path, summary }) => html`<li><code>${method} ${plain(path)}</code> ${plain(summary)}</li>`)}
    </ul>
  </section>`;
}

const STATE_WORDS = {
  ready: "ready",
  connecting: "connecting",
  down: "not reachable",
  offline: "connector offline",
} as const satisfies Record<BackendReport["state"], string>;

export function chip(state: BackendReport["state"]): Markup {
  return html`<i class="${state}">${STATE_WORDS[state]}</i>`;
}

export function counted(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}
