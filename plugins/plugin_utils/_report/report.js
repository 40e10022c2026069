// Filters and sorts the matrix on the page of all tenants. Without scripts, everything can still be read.
"use strict";
(() => {
  const grid = document.getElementById("grid");
  if (!grid) return;
  const body = grid.tBodies[0];
  const rows = [...body.rows];
  const ranks = { fail: 0, unknown: 1, waived: 2, pass: 3 };
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  const texts = new Map(rows.map((row) => [row, row.cells[0].textContent.toLowerCase()]));

  const made = (tag, text, properties) => Object.assign(document.createElement(tag), { textContent: text }, properties);
  const tools = document.getElementById("tools");
  const control = (name, element) => {
    const field = made("div", "");
    element.id = `tool${tools.childElementCount}`;
    field.append(made("label", name, { htmlFor: element.id }), element);
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
  const controls = heads.filter((head) => head.dataset.control);

  const search = control("Tenant", made("input", "", { type: "search" }));
  const states = [...new Set(rows.map((row) => row.dataset.state))].sort();
  const state = choice(
    "State",
    "any",
    states.map((name) => [name, name]),
  );
  const status = choice(
    "Has a control with status",
    "any",
    Object.keys(ranks).map((name) => [name, name]),
  );
  const which = choice(
    "Control",
    "any",
    controls.map((head) => [head.dataset.control, head.dataset.column]),
  );
  const shown = made("p", "", { role: "status" });
  tools.append(shown);

  function fits(row) {
    const term = search.value.trim().toLowerCase();
    if (term && !texts.get(row).includes(term)) return false;
    if (state.value && row.dataset.state !== state.value) return false;
    if (!status.value) return true;
    const cells = which.value ? [row.cells[which.value]] : [...row.cells];
    return cells.some((cell) => cell.classList.contains(status.value));
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
    for (const other of heads) other.querySelector("button").textContent = "\u2195";
    head.querySelector("button").textContent = down ? "\u2193" : "\u2191";
    const column = head.dataset.column;
    const sign = down ? -1 : 1;
    rows.sort((one, other) => sign * order(key(one, column), key(other, column)) || order(key(one, 0), key(other, 0)));
    body.append(...rows);
  }
  for (const head of heads) {
    const name = head.dataset.control ?? head.textContent.trim();
    const button = made("button", "\u2195", { type: "button", ariaLabel: `Sort by ${name}` });
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    const parent = target?.closest("details");
    if (parent) {
      parent.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  filter();
  open();
})();
