import { BASE_STYLE } from "./base-style.ts";

/** Every page with a menu; wide, narrow, light and dark. Colours reach 4.5 to 1 on their ground. */
export const PAGE_STYLE = `${BASE_STYLE}
body { margin: 0; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--back); padding: .5rem; z-index: 2; }
.top { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
.top > b { font-size: 1.05rem; }
.top nav { display: flex; flex-wrap: wrap; gap: .15rem; flex: 1; }
.top nav a { padding: .35rem .6rem; border-radius: .4rem; color: inherit; text-decoration: none; }
.top nav a:hover { background: var(--soft); }
.top nav a[aria-current] { background: var(--soft); font-weight: 600; box-shadow: inset 0 -2px var(--main); }
main { max-width: 68rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
main.narrow { max-width: 27rem; padding-top: 8vh; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
.dim { color: var(--dim); }
.badge { font: 600 .74rem/1 system-ui, sans-serif; padding: .22rem .5rem; border-radius: 1rem; white-space: nowrap;
  border: 1px solid currentColor; color: var(--dim); display: inline-block; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.notice { border-left: 4px solid var(--main); background: var(--soft); padding: .6rem .9rem; margin: 0 0 1rem; border-radius: .25rem; }
section + .notice { margin-top: 1rem; }
.notice.problem { border-color: var(--bad); }
.notice.warned { border-color: var(--warn); }
.notice.done { border-color: var(--good); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem; list-style: none; padding: 0; margin: .75rem 0; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.providers { list-style: none; padding: 0; display: grid; gap: .5rem; margin: 1rem 0; } .providers .button { display: block; text-align: center; }
.card h2, .card h3 { margin: 0 0 .3rem; font-size: 1rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .75rem 0; }
button.danger { color: var(--bad); border-color: currentColor; }
label { display: block; margin: .9rem 0 .25rem; font-weight: 600; }
label.tick { display: flex; gap: .5rem; align-items: baseline; font-weight: 400; margin: .35rem 0; }
.hint { color: var(--dim); margin: .2rem 0 0; font-size: .9rem; }
input[type="checkbox"], input[type="radio"] { width: auto; flex: none; accent-color: var(--main); }
textarea { min-height: 6rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem 1rem; margin: 1rem 0; min-width: 0; }
legend { font-weight: 600; padding: 0 .35rem; }
textarea.few { min-height: 3.2rem; }
form.inline { display: inline; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.copyable { display: flex; gap: .5rem; align-items: start; }
.copyable pre { flex: 1; min-width: 0; }
.copyable button { margin-top: .5rem; flex: none; }
.scope:has(input[value="all"]:checked) .picks { display: none; }
.picks { margin: .5rem 0 .5rem 1.5rem; }
.pick { border-top: 1px solid var(--line); padding: .35rem 0; }
.pick details, .scope > details { margin-top: .35rem; }
.ticks { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 0 1rem; }
summary { cursor: pointer; padding: .25rem 0; }
details.box { border: 1px solid var(--line); border-radius: .5rem; padding: .35rem 1rem; margin: 1rem 0; }
.addresses { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 0 1.5rem; }
.addresses h2 { margin-top: .75rem; font-size: 1rem; }
details.way { margin: .5rem 0; }
details.box[open] { padding-bottom: 1rem; }
.choice { display: flex; gap: .75rem; margin-top: 1.25rem; }
.choice button { flex: 1; padding: .65rem; }
.claims dt { font-size: .85rem; color: var(--dim); margin-top: .5rem; } .claims dt:first-child { margin-top: 0; }
.claims dd { margin: 0; }
.aside { color: var(--dim); font-size: .9rem; margin-top: 1.5rem; }
.brand { font-weight: 600; color: var(--dim); margin: 0 0 1.25rem; }
.providers { list-style: none; padding: 0 0 1.25rem; margin: 0 0 .5rem; border-bottom: 1px solid var(--line); }
.providers li { margin: .5rem 0; }
.providers .button { display: block; text-align: center; padding: .6rem; }
.three { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0 1rem; }
main > form:not(.bar) { max-width: 46rem; }
.scroll { overflow-x: auto; }
td .bar { margin: 0; }
td time { white-space: nowrap; }
td.number { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dl.facts dt { color: var(--dim); } dl.facts dd { margin: 0; }
.card.review { margin: .75rem 0; }
.changes dd { margin: .15rem 0 .75rem; white-space: pre-wrap; font: .87rem/1.5 ui-monospace, monospace; max-height: 24rem; overflow: auto; }
ins { text-decoration: underline; color: var(--good); } del { color: var(--bad); }
.chart { margin: 0; } .chart svg { width: 100%; height: 8rem; display: block; }
.chart .calls { fill: var(--main); } .chart .errors { fill: var(--bad); } .chart .ground { stroke: var(--line); }
.numbers { grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
.numbers a { color: inherit; text-decoration: none; display: block; } .numbers a:hover { text-decoration: underline; }
.numbers b { display: block; font-size: 1.5rem; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 0 1rem; align-items: end; }
main > form.filters { max-width: none; }
.rows { list-style: none; padding: 0; margin: .6rem 0; }
.rows > li { display: flex; gap: .75rem; align-items: start; justify-content: space-between; border-top: 1px solid var(--line); padding: .35rem 0; }
.rows small { display: block; }
.rows .button { padding: .2rem .6rem; white-space: nowrap; flex: none; }
html { scroll-padding-bottom: 5rem; }
.bar.stay { position: sticky; bottom: 0; background: var(--back); padding: .6rem 0; margin: 0; }
.find { max-width: 24rem; }
.prose { max-width: 46rem; }
.prose p, .hint p { margin: .3rem 0; white-space: pre-line; }
textarea.line { min-height: 2.3rem; field-sizing: content; max-height: 24rem; }
@media (max-width: 640px) {
  dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .5rem; }
  .top nav { order: 1; flex-basis: 100%; margin: 0 -.6rem; }
  .top nav a { padding: .35rem .45rem; }
  .top form { margin-left: auto; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--dim); }
  td[data-label]:empty { display: none !important; }
  table.stack thead { display: none; }
  table.stack, table.stack tbody, table.stack tr, table.stack td, table.stack th { display: block; width: auto; }
  table.stack tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  table.stack td, table.stack th { border: 0; padding: .1rem 0; }
  table.stack td:empty { display: none; }
  table.stack.tight td { display: inline; margin-right: .5rem; } table.stack.tight td.whole { display: block; }
}
`;
