# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the pages of a report look, and what little they do: style sheet and script, whole, inside each page.

Data, not code. Colours: text has at least 4.5 to 1 on its background, in both schemes (WCAG 2.2 AA).
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f6f8fa; --ink: #1b1f24; --quiet: #4b5563; --line: #d0d7de; --link: #0550ae;
  --pass: #116329; --pass-bg: #dafbe1; --pass-bar: #7fce93;
  --fail: #a40e26; --fail-bg: #ffe2e0; --fail-bar: #f4948c;
  --waived: #5e2ca5; --waived-bg: #efe7fd; --waived-bar: #c3a6f2;
  --unknown: #424a53; --unknown-bg: #e9ecef; --unknown-bar: #bcc4cc;
  --other: #7d4e00; --other-bg: #fff3cd; --other-bar: #e8c15a;
  --plain-bar: #8fb8e8; --plain: #0550ae;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1419; --card: #171d24; --ink: #e6edf3; --quiet: #a5b0bb; --line: #38424d; --link: #79b8ff;
    --pass: #7ee2a0; --pass-bg: #10341d; --pass-bar: #256b3e;
    --fail: #ffb3ad; --fail-bg: #4a1512; --fail-bar: #8e2f29;
    --waived: #d8bfff; --waived-bg: #30214d; --waived-bar: #5b3f92;
    --unknown: #c6ced6; --unknown-bg: #2a323b; --unknown-bar: #4c5763;
    --other: #f2cc60; --other-bg: #3d2f07; --other-bar: #7a5d10;
    --plain-bar: #2b588f; --plain: #79b8ff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 100rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 1.5rem 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul, ol, dl { margin: .5rem 0; }
p, dd, .notes li { max-width: 75ch; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.quiet { color: var(--quiet); }
.small { font-size: .875rem; }
.code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .875em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; background: var(--paper); padding: .5rem 1rem; z-index: 9; }
.skip:focus { left: 1rem; top: 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
.lead { font-size: 1.35rem; line-height: 1.35; font-weight: 600; max-width: 60ch; margin: .75rem 0 1rem; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; padding: 0;
  list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-inline-start: .4rem solid var(--text);
  border-radius: .4rem; padding: .6rem .9rem; }
.tiles b { display: block; font-size: 1.8rem; line-height: 1.2; font-variant-numeric: tabular-nums; }

.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem;
  margin: 1rem 0; align-items: start; }
figure, .card { margin: 0; padding: .75rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; }
.card h2 { font-size: 1rem; margin: 0 0 .25rem; border: 0; padding: 0; }
.card ol { padding-inline-start: 1.5rem; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; margin: .25rem 0; list-style: none;
  font-size: .875rem; }
.legend li::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-inline-end: .35em;
  border: 1.5px solid; vertical-align: -.05em; }
.legend .pass::before { background: var(--pass-bar); border-color: var(--pass); }
.legend .waived::before { background: var(--waived-bar); border-color: var(--waived); }
.legend .unknown::before { background: var(--unknown-bar); border-color: var(--unknown); }
.legend .fail::before { background: var(--fail-bar); border-color: var(--fail); }

/* Pictures are drawn by pygal, and coloured here. */
svg.chart { display: block; width: 100%; height: auto; font-size: 13px; fill: var(--ink); }
.chart .background { fill: none; }
.chart .axis path, .chart .guide { stroke: none; }
.chart .axis.y text { text-anchor: end; }
.chart .centered { text-anchor: middle; }
.chart .text-overlay text.value { text-anchor: middle; font-weight: 600; fill: var(--ink); stroke: none; }
.chart .reactive { stroke-width: 1.5; }
.chart.statuses .color-0, .chart.states .color-0 { fill: var(--pass-bar); stroke: var(--pass); }
.chart.statuses .color-1 { fill: var(--waived-bar); stroke: var(--waived); }
.chart.statuses .color-2, .chart.states .color-4 { fill: var(--unknown-bar); stroke: var(--unknown); }
.chart.statuses .color-3, .chart.states .color-1 { fill: var(--fail-bar); stroke: var(--fail); }
.chart.states .color-2, .chart.states .color-3 { fill: var(--other-bar); stroke: var(--other); }
.chart.plain .reactive { fill: var(--plain-bar); stroke: var(--plain); }

.tag { display: inline-block; padding: 0 .5em; border-radius: 1em; border: 1px solid; font-size: .875rem;
  font-weight: 600; white-space: nowrap; }
.pass, .clean { --text: var(--pass); --back: var(--pass-bg); }
.fail, .drift { --text: var(--fail); --back: var(--fail-bg); }
.waived { --text: var(--waived); --back: var(--waived-bg); }
.unknown, .not-run { --text: var(--unknown); --back: var(--unknown-bg); }
.incomplete, .failed { --text: var(--other); --back: var(--other-bg); }
.tag, td.pass, td.fail, td.waived, td.unknown { color: var(--text); background: var(--back); }
.tag::before, td.pass::before, td.fail::before, td.waived::before, td.unknown::before { font-weight: 700;
  margin-inline-end: .3em; }
.tag.pass::before, .tag.clean::before, td.pass::before { content: "\\2713" / ""; }
.tag.fail::before, .tag.drift::before, td.fail::before { content: "\\2715" / ""; }
.tag.waived::before, td.waived::before { content: "\\25C7" / ""; }
.tag.unknown::before, .tag.incomplete::before, td.unknown::before { content: "?" / ""; }
.tag.failed::before { content: "!" / ""; }
.tag.not-run::before { content: "\\2013" / ""; }

.scroll { position: relative; overflow: auto; border: 1px solid var(--line); border-radius: .4rem; }
.scroll.tall { max-height: 85vh; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem; }
caption { text-align: start; padding: .4rem .6rem; color: var(--quiet); }
th, td { text-align: start; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { background: var(--card); white-space: nowrap; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
#grid { width: auto; min-width: 100%; }
#grid thead { position: sticky; top: 0; z-index: 2; }
#grid th[scope=row], #grid .corner { position: sticky; left: 0; z-index: 1; background: var(--card); width: 17rem;
  min-width: 17rem; max-width: 17rem; border-inline-end: 1px solid var(--line); font-weight: 600; }
#grid td { white-space: nowrap; border-inline-end: 1px solid var(--line); }
#grid th.group span { position: sticky; left: 18rem; }
#grid th.group { border-inline-start: 2px solid var(--quiet); }
#grid sup { font-weight: 700; line-height: 0; margin-inline-start: .15em; }
.name { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
button, input, select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet);
  border-radius: .3rem; padding: .25rem .5rem; max-width: 100%; }
th button { border-color: transparent; background: none; padding: 0; min-width: 1.75rem; min-height: 1.75rem;
  font-weight: 700; cursor: pointer; }
th button:hover { border-color: var(--quiet); }
.tools { display: flex; flex-wrap: wrap; align-items: end; gap: .5rem 1rem; margin: .75rem 0; }
.tools:empty { display: none; }
.tools div { display: grid; min-width: 0; }
.tools label { font-size: .875rem; }
.tools p { margin: 0; padding: .25rem 0; }

details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; background: var(--paper); }
summary { padding: .5rem .8rem; cursor: pointer; }
summary > * { display: inline; margin-inline-end: .75rem; }
details > div { padding: 0 .8rem .8rem; scroll-margin-top: 4.5rem; }
.controls { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr)); gap: .6rem;
  padding: 0; list-style: none; }
.controls > li { border-inline-start: .3rem solid var(--text); padding: .3rem .8rem; min-width: 0;
  background: var(--card); border-radius: 0 .3rem .3rem 0; break-inside: avoid; }
.facts { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .1rem 1rem; margin: .25rem 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; }

@media (max-width: 40rem) {
  body { padding: 0 .75rem 3rem; }
  .lead { font-size: 1.15rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  #grid th[scope=row], #grid .corner { width: 9rem; min-width: 9rem; max-width: 9rem; }
  #grid th.group span { left: 9.6rem; }
  .facts { grid-template-columns: 1fr; }
  .facts dt { margin-top: .35rem; }
}
@media print {
  :root {
    --paper: #ffffff; --card: #ffffff; --ink: #000000; --quiet: #333333; --line: #999999; --link: #000000;
    --pass: #116329; --pass-bg: #ffffff; --pass-bar: #b7e4c3;
    --fail: #a40e26; --fail-bg: #ffe2e0; --fail-bar: #f4948c;
    --waived: #5e2ca5; --waived-bg: #ffffff; --waived-bar: #d9c8f7;
    --unknown: #424a53; --unknown-bg: #ffffff; --unknown-bar: #d8dde2;
    --other: #7d4e00; --other-bg: #ffffff; --other-bar: #e8c15a;
  }
  @page { margin: 12mm; }
  @page wide { size: A4 landscape; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  .skip, nav, .tools, th button { display: none; }
  .scroll, .scroll.tall { max-height: none; overflow: visible; border: 0; }
  .matrix { page: wide; }
  #grid { font-size: 7pt; width: 100%; min-width: 0; }
  #grid thead, #grid th[scope=row], #grid .corner, #grid th.group span { position: static; }
  #grid th[scope=row], #grid .corner { min-width: 10rem; }
  #grid th, #grid td { padding: .5mm 1mm; white-space: normal; overflow-wrap: normal; }
  #grid .tag { font-size: 1em; padding: 0; border: 0; }
  .controls { grid-template-columns: 1fr 1fr; }
  td.fail, .legend li::before { print-color-adjust: exact; }
  tr, figure, .card, .tiles li { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .details:not(:has(details[open])) { display: none; }
  .details details:not([open]) { display: none; }
}
"""

# Only ever adds: without it everything can be read. Takes no text from the page but to compare and count it.
SCRIPT = """
"use strict";
(() => {
  const grid = document.getElementById("grid");
  if (!grid) return;
  const body = grid.tBodies[0];
  const rows = [...body.rows];
  const ranks = {fail: 0, unknown: 1, waived: 2, pass: 3};
  const order = new Intl.Collator(document.documentElement.lang, {numeric: true}).compare;
  const texts = new Map(rows.map(row => [row, row.cells[0].textContent.toLowerCase()]));

  const made = (tag, text, properties) =>
    Object.assign(document.createElement(tag), {textContent: text}, properties);
  const tools = document.getElementById("tools");
  const control = (name, element) => {
    const field = made("div", "");
    element.id = `tool${tools.childElementCount}`;
    field.append(made("label", name, {htmlFor: element.id}), element);
    tools.append(field);
    element.addEventListener("input", filter);
    return element;
  };
  const choice = (name, first, values) => {
    const select = made("select", "");
    select.append(new Option(first, ""), ...values.map(([text, value]) => new Option(text, value)));
    return control(name, select);
  };
  const heads = [...grid.querySelectorAll("thead th[data-column]")];
  const controls = heads.filter(head => head.dataset.control);

  const search = control("Tenant", made("input", "", {type: "search"}));
  const states = [...new Set(rows.map(row => row.dataset.state))].sort();
  const state = choice("State", "any", states.map(name => [name, name]));
  const status = choice("Has a control that is", "any", Object.keys(ranks).map(name => [name, name]));
  const which = choice("Control", "any", controls.map(head => [head.dataset.control, head.dataset.column]));
  const shown = made("p", "", {role: "status"});
  tools.append(shown);

  function fits(row) {
    const wanted = search.value.trim().toLowerCase();
    if (wanted && !texts.get(row).includes(wanted)) return false;
    if (state.value && row.dataset.state !== state.value) return false;
    if (!status.value) return true;
    const cells = which.value ? [row.cells[which.value]] : [...row.cells];
    return cells.some(cell => cell.classList.contains(status.value));
  }
  function filter() {
    let count = 0;
    for (const row of rows) {
      const fit = fits(row);
      row.hidden = !fit;
      document.getElementById(row.dataset.details).hidden = !fit;
      count += fit;
    }
    shown.textContent = `${count} of ${rows.length} tenants`;
  }

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key ?? String(ranks[cell.className] ?? 4);
  };
  function sort(head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const other of heads) other.querySelector("button").textContent = "\\u2195";
    head.querySelector("button").textContent = down ? "\\u2193" : "\\u2191";
    const column = head.dataset.column;
    const sign = down ? -1 : 1;
    rows.sort((one, other) => sign * order(key(one, column), key(other, column)) || order(key(one, 0), key(other, 0)));
    body.append(...rows);
  }
  for (const head of heads) {
    const name = head.dataset.control ?? head.textContent.trim();
    const button = made("button", "\\u2195", {type: "button", ariaLabel: `Sort by ${name}`});
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const parent = target && target.closest("details");
    if (parent) { parent.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  filter();
  open();
})();
"""
