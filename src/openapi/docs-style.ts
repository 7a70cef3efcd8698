import { BASE_STYLE } from "../pages/base-style.ts";

/** Both pages; wide, narrow, light and dark. */
export const DOCS_STYLE = `${BASE_STYLE}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; }
.narrow { max-width: 26rem; margin: 12vh auto 0; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .25rem 0 .5rem; outline: none; }
h1 small, h2 small { font-size: .85rem; font-weight: 400; color: var(--dim); }
h3 { font: 600 .95rem/1.4 ui-monospace, monospace; margin: 0; display: inline; }
i { font: 600 .72rem/1 system-ui, sans-serif; padding: .2rem .45rem; border-radius: 1rem; white-space: nowrap;
  border: 1px solid currentColor; vertical-align: middle; color: var(--dim); }
i.ready, i.read-only { color: var(--good); }
i.connecting, i.offline { color: var(--warn); }
i.down, i.destructive { color: var(--bad); }
.prose p, td p { margin: .4rem 0; white-space: pre-line; }
header .prose { max-width: 46rem; max-height: 22rem; overflow-y: auto; }
.problem { color: var(--bad); margin: .35rem 0; white-space: pre-line; }
.problem:empty { display: none; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; margin: .9rem 0 .5rem; }
textarea { field-sizing: content; max-height: 24rem; min-height: 2.3rem; }
textarea.whole { min-height: 6rem; }
[aria-invalid="true"] { border-color: var(--bad); }
.key label { display: block; margin: 1rem 0 .3rem; }
.key .tick { display: flex; gap: .5rem; align-items: center; color: var(--dim); }
.tick input { width: auto; }
.aside { margin-top: 2.5rem; font-size: .9rem; color: var(--dim); }
.find { position: sticky; top: 0; z-index: 1; display: flex; gap: .75rem; align-items: center; padding: .6rem 0;
  background: var(--back); color: var(--dim); white-space: nowrap; }
.tool { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; scroll-margin-top: 4rem; }
.tool > :not(summary) { margin-left: 1rem; margin-right: 1rem; }
summary { padding: .6rem 1rem; cursor: pointer; border-radius: .5rem; }
summary:hover { background: var(--soft); }
summary span { color: var(--dim); margin-left: .5rem; }
summary i { margin-left: .5rem; }
table { table-layout: fixed; }
th:first-child { width: 24%; }
th[scope="row"] { font-weight: 400; }
th label { font: 600 .87rem/1.5 ui-monospace, monospace; }
th b { color: var(--bad); font-size: .75rem; }
td:last-child { padding-right: 0; }
.value { width: 38%; }
:root:not(.live) .value { display: none; }
.none { color: var(--dim); }
.answer { color: var(--dim); font-size: .9rem; }
.result { margin-bottom: 1rem; }
.result ul { margin: .4rem 0; padding-left: 1.2rem; }
[role="status"].failed { color: var(--bad); }
.others { padding-left: 1.2rem; }
dialog { border: 1px solid var(--line); border-radius: .6rem; background: var(--back); color: inherit; width: min(26rem, 92vw); }
dialog::backdrop { background: #0008; }
@media (max-width: 640px) {
  body { padding-top: 1rem; }
  thead { display: none; }
  table, tbody, tr, th, td { display: block; width: auto; }
  tr { border-top: 1px solid var(--line); padding: .6rem 0; }
  th, td, th:first-child, .value { border: 0; padding: .15rem 0; width: auto; }
  button, .button { padding: .42rem .6rem; }
  summary span { display: block; margin: .2rem 0 0; }
  .tool > :not(summary) { margin-left: .75rem; margin-right: .75rem; }
}
`;
