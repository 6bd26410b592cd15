/** How the report looks: light or dark, on paper, on a desk and in a hand. */
export const reportStyle = `
:root {
  --page: #f7f7f5; --panel: #ffffff; --ink: #191c20; --muted: #59616c; --line: #d9dce1; --track: #eef0f2;
  --faster: #0a66c2; --slower: #b24a00; --wrong: #b3261e; --wrong-page: #fdecea; --right: #1a7347;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --panel: #161b22; --ink: #e8eaee; --muted: #9da7b3; --line: #30363f; --track: #222932;
    --faster: #62b0ff; --slower: #f2a15f; --wrong: #ff9a92; --wrong-page: #31191a; --right: #6fcf9a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 74rem; padding: clamp(1.75rem, 5vw, 4.5rem) clamp(1.1rem, 4vw, 3rem);
  background: var(--page); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
html { background: var(--page); }
svg text { font-family: inherit; }
p, ul, ol, dl, figure { margin: 0; }
ul { padding: 0; list-style: none; }
code, pre { font-family: var(--mono); font-size: .86em; }
.eyebrow { color: var(--muted); font-size: .9rem; letter-spacing: .02em; }
h1 {
  margin: .35rem 0 .9rem; font-size: clamp(2rem, 5.4vw, 3.25rem); line-height: 1.1; font-weight: 680;
  letter-spacing: -.025em; text-wrap: balance;
}
h1 span { color: var(--muted); font-weight: 400; }
.lead { max-width: 48rem; font-size: clamp(1.05rem, 2vw, 1.2rem); color: var(--muted); text-wrap: pretty; }
section { margin-top: clamp(3rem, 7vw, 5.5rem); }
h2 { margin: 0 0 .6rem; font-size: clamp(1.35rem, 3vw, 1.7rem); line-height: 1.25; font-weight: 650; letter-spacing: -.015em; }
section > p { text-wrap: pretty; max-width: 44rem; margin-bottom: 1.4rem; color: var(--muted); }

.alert { margin-top: 2.2rem; padding: 1.3rem 1.5rem; border-radius: .8rem; background: var(--wrong-page); border: 1px solid var(--wrong); }
.alert h2 { font-size: 1.15rem; color: var(--wrong); }
.alert li + li { margin-top: .7rem; }
.alert pre { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; color: var(--ink); }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1.6rem 1.8rem; margin-top: clamp(2.2rem, 5vw, 3.5rem); }
.tiles li { padding-top: 1rem; border-top: 2px solid var(--line); color: var(--muted); font-size: .95rem; line-height: 1.4; }
.tiles b { display: block; margin-bottom: .2rem; color: var(--ink); font-size: clamp(1.6rem, 4vw, 2rem); line-height: 1.15; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tiles b.faster, .faster { color: var(--faster); }
.tiles b.slower, .slower { color: var(--slower); }

.key { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; margin-bottom: 1.5rem; font-size: .92rem; }
.key i { display: inline-block; width: .95rem; height: .62rem; margin-right: .5rem; border-radius: .2rem; background: currentColor; }
.charts { columns: 2; column-gap: 1.5rem; }
figure { break-inside: avoid; margin-bottom: 1.5rem; padding: 1.4rem 1.5rem .8rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--panel); }
figure li { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem; margin-bottom: .7rem; font-size: .93rem; line-height: 1.4; }
figure li svg { grid-column: 1 / 3; }
figure b { align-self: end; font-weight: 640; font-variant-numeric: tabular-nums; }
figcaption { margin-bottom: .8rem; font-weight: 640; font-size: 1.05rem; }
figure svg { display: block; overflow: visible; font-variant-numeric: tabular-nums; }

table { width: 100%; border-collapse: collapse; font-size: .875rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
th { font-weight: 500; text-align: left; }
thead th { padding: .3rem .55rem; color: var(--muted); font-size: .8rem; vertical-align: bottom; }
thead th[scope="colgroup"] { text-align: right; color: var(--ink); font-weight: 600; }
thead tr:last-child th { text-align: right; padding-bottom: .6rem; }
tr.group th { padding: 1.7rem .55rem .5rem; font-weight: 640; font-size: 1rem; border-bottom: 1px solid var(--line); }
tbody tr:not(.group) > * { padding: .6rem .55rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th[scope="row"] { min-width: 13rem; }
tbody th code { display: block; color: var(--muted); font-size: .78rem; font-weight: 400; }
td { text-align: right; white-space: nowrap; }
td.rsync { color: var(--muted); }
td.ratio { font-weight: 640; }
td.equal, thead th:last-child { text-align: left; padding-left: 1rem; }
.right { color: var(--right); }
.wrong { display: block; color: var(--wrong); font-weight: 600; }

.commands { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.3rem 2rem; }
.commands dt { font-weight: 550; font-size: .95rem; }
.commands small { color: var(--muted); font-weight: 400; font-size: .85em; margin-left: .4rem; }
.commands dd { margin: .25rem 0 0; padding: .55rem .8rem; border-radius: .5rem; background: var(--track); overflow-wrap: anywhere; line-height: 1.5; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 0 2.5rem; }
.facts div { padding: .75rem 0; border-top: 1px solid var(--line); }
.facts dt { color: var(--muted); font-size: .86rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.notes { max-width: 46rem; display: grid; gap: .75rem; color: var(--muted); }
footer { margin-top: clamp(3rem, 7vw, 5rem); padding-top: 1.3rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .9rem; overflow-wrap: anywhere; }

@media (max-width: 60rem) {
  .charts { columns: 1; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table { display: block; }
  tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 0 .9rem; }
  tr.group { display: block; grid-column: 1 / -1; }
  tr.group th { display: block; padding: 1.6rem 0 .7rem; border: 0; font-size: 1.1rem; }
  tbody tr:not(.group) {
    display: grid; grid-template-columns: 1fr minmax(5.6rem, auto) minmax(5.6rem, auto); gap: .15rem .9rem; align-items: baseline; align-content: start;
    margin-bottom: .9rem; padding: 1.05rem 1.15rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--panel);
  }
  tbody tr:not(.group) > * { padding: 0; border: 0; }
  tbody th[scope="row"] { grid-row: 1; grid-column: 1 / 3; min-width: 0; font-size: .98rem; font-weight: 600; }
  td.ratio { grid-row: 1; grid-column: 3; font-size: 1.25rem; }
  .both tr:not(.group)::before { content: "rsync"; grid-row: 2; grid-column: 2; text-align: right; color: var(--muted); font-size: .8rem; margin-top: .55rem; }
  .both tr:not(.group)::after { content: "oc-rsync"; grid-row: 2; grid-column: 3; text-align: right; color: var(--muted); font-size: .8rem; }
  .both td.rsync { grid-column: 1 / 3; display: flex; justify-content: space-between; }
  .alone td.ours { grid-column: 1 / 4; display: flex; justify-content: space-between; }
  .both td.rsync::before, .alone td.ours::before { content: attr(data-label); color: var(--muted); }
  .both td.rsync { color: var(--ink); }
  td.equal { grid-column: 1 / 4; text-align: left; padding: .5rem 0 0 !important; }
}
@media print {
  :root { --page: #fff; }
  body { max-width: none; padding: 0; }
  tr, figure, .commands > * { break-inside: avoid; }
}
`;
