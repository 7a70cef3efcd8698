/**
 * What all pages of ours share, those of REST as well: colours, letters, buttons and fields. Light
 * and dark; text reaches 4.5 to 1 on its ground.
 */
export const BASE_STYLE = `
:root { color-scheme: light dark; --line: #d0d5dd; --soft: #f4f5f7; --dim: #5b6472; --main: #2557d6; --on-main: #fff;
  --good: #17753c; --warn: #8a4d00; --bad: #b3261e; --back: #fff; --text: #1a1d23; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a404b; --soft: #20242b; --dim: #a3acba; --main: #8fb0ff; --on-main: #101318;
    --good: #6fd394; --warn: #f0b35c; --bad: #ff8a80; --back: #15181d; --text: #e7eaef; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--text); overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
a { color: var(--main); }
small { color: var(--dim); }
code, pre, textarea { font: .87rem/1.5 ui-monospace, monospace; }
code { background: var(--soft); border-radius: .25rem; padding: .05rem .3rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: .5rem 0;
  max-height: 32rem; overflow: auto; white-space: pre-wrap; }
button, .button { font: inherit; padding: .42rem .85rem; border-radius: .4rem; border: 1px solid var(--line);
  background: var(--back); color: inherit; cursor: pointer; text-decoration: none; display: inline-block; }
button:hover, .button:hover { border-color: var(--main); }
button.main, .button.main { background: var(--main); border-color: var(--main); color: var(--on-main); font-weight: 600; }
button[aria-pressed="true"] { background: var(--soft); border-color: var(--main); }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
input, select, textarea { font-size: .95rem; width: 100%; min-width: 0; padding: .45rem .6rem; border-radius: .4rem;
  border: 1px solid var(--line); background: var(--back); color: inherit; }
input, select { font-family: inherit; }
textarea { display: block; resize: vertical; }
::placeholder { color: var(--dim); opacity: 1; }
table { width: 100%; border-collapse: collapse; margin-top: .6rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: .82rem; color: var(--dim); font-weight: 600; }
.result img, .result audio { display: block; max-width: 100%; margin: .5rem 0; }
.result img { border: 1px solid var(--line); }
@media (max-width: 640px) { input, select, textarea { font-size: 16px; } }
@media (prefers-reduced-motion: no-preference) { button, .button { transition: border-color .15s; } }
`;
