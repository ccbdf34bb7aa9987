"""How the page looks: light and dark by the reader's setting, on paper always light."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --soft: #626c75; --line: #e0e3e6; --page: #fcfbf9;
  --card: #fff; --own: #1f6f8b; --other: #c2562d; --rival: #7a4fa3;
  --good: #1f7a4d; --bad: #b3372f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --soft: #9aa3ab; --line: #33393f; --page: #15181b;
    --card: #1b1f23; --own: #6cc0dc; --other: #ef8a5f; --rival: #c3a0e6;
    --good: #5fc796; --bad: #f08b80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2.5rem 1.25rem 3rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; margin: .1rem 0 .7rem; }
h2 { font-size: 1.1rem; margin: 2.6rem 0 .7rem; }
p { margin: 0 0 .8rem; }
.lead { max-width: 50rem; color: var(--soft); }
.soft { color: var(--soft); }
.tag { display: inline-block; border: 1px solid currentColor; border-radius: 99px; padding: .05rem .7rem;
  margin-right: .7rem; font-size: .88rem; font-weight: 600; }
.tag.passed { color: var(--good); }
.tag.refused { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; min-width: 60%; }
th, td { text-align: left; padding: .38rem 1.4rem .38rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th, td:not(:last-child) { white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
td.n .soft { display: block; font-size: .84em; }
code { font: .88em ui-monospace, monospace; }
.figures { display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.4rem; }
figure { margin: 0; padding: .9rem 1rem .6rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; }
figcaption { font-size: .88rem; color: var(--soft); margin-bottom: .5rem; }
figcaption b { color: var(--ink); font-weight: 600; display: block; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 11.5px; font-family: inherit; font-variant-numeric: tabular-nums; }
svg .name { font-size: 12px; }
svg .ink { fill: var(--ink); }
.grid { stroke: var(--line); }
.ideal { stroke: var(--soft); stroke-dasharray: 4 4; fill: none; }
.own { stroke: var(--own); stroke-width: 2; fill: none; stroke-linejoin: round; }
.rival { stroke: var(--rival); stroke-width: 1.7; stroke-dasharray: 7 3; fill: none; stroke-linejoin: round; }
svg.key { display: inline-block; width: 26px; height: 8px; margin: 0 .4rem .1rem .2rem; }
.other { stroke: var(--other); stroke-width: 2; fill: none; stroke-linejoin: round; }
.spread { fill: var(--own); fill-opacity: .18; }
.spread2 { fill: var(--other); fill-opacity: .22; }
.whisker { stroke: var(--own); stroke-width: 1.6; }
.dot { fill: var(--own); }
.point { fill: var(--own); fill-opacity: .3; }
.cell { fill: var(--own); }
.bar { fill: var(--own); fill-opacity: .26; }
.mark { stroke: var(--other); stroke-width: 1.4; stroke-dasharray: 3 3; }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .85rem; }
@media print {
  :root { color-scheme: light; --ink: #111; --soft: #555; --line: #ccc; --page: #fff; --card: #fff;
    --own: #1f6f8b; --other: #c2562d; --rival: #7a4fa3; --good: #1f7a4d; --bad: #b3372f; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .figures { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
