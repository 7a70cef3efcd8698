/** Both pages; wide, narrow, light and dark. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #d0d5dd; --soft: #f4f5f7; --dim: #5b6472; --main: #2557d6; --on-main: #fff;
  --good: #17753c; --warn: #a15c00; --bad: #b3261e; --back: #fff; --text: #1a1d23; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a404b; --soft: #20242b; --dim: #a3acba; --main: #8fb0ff; --on-main: #101318;
    --good: #6fd394; --warn: #f0b35c; --bad: #ff8a80; --back: #15181d; --text: #e7eaef; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; font: 15px/1.5 system-ui, sans-serif;
  background: var(--back); color: var(--text); overflow-wrap: anywhere; }
.narrow { max-width: 26rem; margin: 12vh auto 0; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .25rem 0 .5rem; outline: none; }
h1 small, h2 small { font-size: .85rem; font-weight: 400; color: var(--dim); }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font: 600 .95rem/1.4 ui-monospace, monospace; margin: 0; display: inline; }
a { color: var(--main); }
code, pre, textarea { font: .87rem/1.5 ui-monospace, monospace; }
code { background: var(--soft); border-radius: .25rem; padding: .05rem .3rem; }
small { color: var(--dim); }
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
button, .button { font: inherit; padding: .42rem .85rem; border-radius: .4rem; border: 1px solid var(--line);
  background: var(--back); color: inherit; cursor: pointer; text-decoration: none; }
button:hover, .button:hover { border-color: var(--main); }
button.main, .button.main { background: var(--main); border-color: var(--main); color: var(--on-main); font-weight: 600; }
button[aria-pressed="true"] { background: var(--soft); border-color: var(--main); }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
input, select, textarea { font-size: .93rem; width: 100%; min-width: 0; padding: .4rem .55rem; border-radius: .4rem;
  border: 1px solid var(--line); background: var(--back); color: inherit; }
input, select { font-family: inherit; }
textarea { display: block; resize: vertical; field-sizing: content; max-height: 24rem; min-height: 2.3rem; }
textarea.whole { min-height: 6rem; }
::placeholder { color: var(--dim); opacity: 1; }
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
table { width: 100%; border-collapse: collapse; margin-top: .6rem; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .55rem .75rem .55rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: .8rem; font-weight: 600; color: var(--dim); padding-bottom: .3rem; }
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
.result pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: .5rem 0;
  max-height: 32rem; overflow: auto; white-space: pre-wrap; }
.result img, .result audio { display: block; max-width: 100%; margin: .5rem 0; }
.result img { border: 1px solid var(--line); }
.result ul { margin: .4rem 0; padding-left: 1.2rem; }
[role="status"].failed { color: var(--bad); }
.others { padding-left: 1.2rem; }
dialog { border: 1px solid var(--line); border-radius: .6rem; background: var(--back); color: inherit; width: min(26rem, 92vw); }
dialog::backdrop { background: #0008; }
@media (max-width: 640px) {
  body { padding-top: 1rem; }
  input, select, textarea { font-size: 16px; }
  thead { display: none; }
  table, tbody, tr, th, td { display: block; width: auto; }
  tr { border-top: 1px solid var(--line); padding: .6rem 0; }
  th, td, th:first-child, .value { border: 0; padding: .15rem 0; width: auto; }
  button, .button { padding: .42rem .6rem; }
  summary span { display: block; margin: .2rem 0 0; }
  .tool > :not(summary) { margin-left: .75rem; margin-right: .75rem; }
}
@media (prefers-reduced-motion: no-preference) { button { transition: border-color .15s; } }
`;
