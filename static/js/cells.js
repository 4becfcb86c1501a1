/* The draft table as a spreadsheet: arrows move from cell to cell, Enter or typing edits, pasting fills from the cell on. */

(function () {
  "use strict";

  const table = document.querySelector("table[data-cells]");
  if (!table) return;
  const status = document.getElementById("cells-status");
  const token = document.querySelector('input[name="csrfmiddlewaretoken"]').value;
  const cellsOf = (row) => Array.from(row.querySelectorAll("td[data-cell]"));
  const rows = () => Array.from(table.querySelectorAll("tbody tr")).filter((row) => cellsOf(row).length);

  function prepare() {
    const all = Array.from(table.querySelectorAll("td[data-cell]"));
    all.forEach((cell) => { cell.tabIndex = -1; });
    if (all.length) all[0].tabIndex = 0;
  }

  function focus(cell) {
    if (!cell) return;
    table.querySelectorAll('td[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    cell.tabIndex = 0;
    cell.focus();
  }

  function beside(cell, down, right) {
    const row = cell.closest("tr");
    if (right) return cellsOf(row)[cellsOf(row).indexOf(cell) + right];
    const next = rows()[rows().indexOf(row) + down];
    return next && next.querySelector('td[data-cell="' + cell.dataset.cell + '"]');
  }

  function find(measure, column) {
    return table.querySelector('tr[data-measure="' + measure + '"] td[data-cell="' + column + '"]');
  }

  function say(text, bad) {
    status.textContent = text;
    status.classList.toggle("bad", Boolean(bad));
  }

  /* Sends a rectangle of cells; resolves to "" or to the sentence why nothing was changed. */
  async function save(columns, changed) {
    let answer;
    try {
      answer = await fetch(table.dataset.cells, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
        body: JSON.stringify({ columns, rows: changed }),
      });
    } catch {
      return table.dataset.offline;
    }
    const type = answer.headers.get("Content-Type") || "";
    if (!type.includes("json")) return table.dataset.offline;
    const said = await answer.json();
    if (!answer.ok) return said.message;
    for (const [measure, row] of Object.entries(said.rows)) {
      const old = table.querySelector('tr[data-measure="' + measure + '"]');
      const made = document.createElement("template");
      made.innerHTML = row.html.trim();
      const fresh = made.content.firstElementChild;
      const ticked = old.querySelector('input[name="measures"]').checked;
      old.replaceWith(fresh);
      fresh.querySelector('input[name="measures"]').checked = ticked;
      cellsOf(fresh).forEach((cell) => { cell.tabIndex = -1; });
      if (window.htmx) window.htmx.process(fresh);
    }
    return "";
  }

  function listOf(column) {
    const select = document.querySelector('select[name="' + column + '"]');
    if (!select) return "";
    const id = "cells-" + column;
    if (!document.getElementById(id)) {
      const list = document.createElement("datalist");
      list.id = id;
      Array.from(select.options).filter((option) => option.value).forEach((option) => list.append(new Option("", option.text)));
      document.body.append(list);
    }
    return id;
  }

  function edit(cell, typed) {
    const field = document.createElement("input");
    const error = document.createElement("span");
    const shown = Array.from(cell.childNodes);
    const measure = cell.closest("tr").dataset.measure;
    const column = cell.dataset.cell;
    let over = false;
    field.type = column === "due" ? "date" : "text";
    field.className = "cell-field";
    field.value = typed !== undefined && field.type === "text" ? typed : cell.dataset.value;
    field.setAttribute("aria-label", cell.dataset.label || table.dataset.name);
    const list = listOf(column);
    if (list) field.setAttribute("list", list);
    error.className = "field-errors";
    error.setAttribute("role", "alert");
    cell.replaceChildren(field, error);
    field.focus();
    if (typed === undefined && field.type === "text") field.select();

    function close() {
      over = true;
      cell.replaceChildren(...shown);
    }
    async function commit(down, right) {
      if (over) return;
      const value = field.value.trim();
      if (value === cell.dataset.value) {
        close();
        focus(beside(cell, down, right) || cell);
        return;
      }
      over = true;
      field.readOnly = true;
      const row = cell.closest("tr");
      const problem = await save([column], [[measure, row.dataset.version, value]]);
      if (problem) {
        over = false;
        field.readOnly = false;
        field.setAttribute("aria-invalid", "true");
        error.textContent = problem;
        return;
      }
      say(table.dataset.saved);
      const there = find(measure, column);
      if (there) focus(beside(there, down, right) || there);
    }
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Escape") { close(); focus(cell); }
      else if (event.key === "Enter") { event.preventDefault(); commit(1, 0); }
      else if (event.key === "Tab") { event.preventDefault(); commit(0, event.shiftKey ? -1 : 1); }
    });
    field.addEventListener("blur", () => { if (!over && !error.textContent) commit(0, 0); });
  }

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  table.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!cell.matches("td[data-cell]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (MOVES[event.key]) { event.preventDefault(); focus(beside(cell, ...MOVES[event.key])); }
    else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); edit(cell); }
    // An input method begins to compose: it goes on in the field, which takes the focus in time.
    else if (event.key === "Process") edit(cell, "");
    else if (event.key.length === 1 && event.key !== " ") { event.preventDefault(); edit(cell, event.key); }
    else return;
    event.stopPropagation();
  });

  table.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("td[data-cell]");
    if (cell && !cell.querySelector(".cell-field")) edit(cell);
  });

  table.addEventListener("copy", (event) => {
    if (!event.target.matches("td[data-cell]") || !window.getSelection().isCollapsed) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", event.target.dataset.value);
  });

  table.addEventListener("paste", async (event) => {
    const cell = event.target;
    if (!cell.matches("td[data-cell]")) return;
    event.preventDefault();
    const lines = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
    const block = lines.map((line) => line.split("\t"));
    const first = cellsOf(cell.closest("tr")).indexOf(cell);
    const columns = cellsOf(cell.closest("tr")).slice(first, first + block[0].length).map((one) => one.dataset.cell);
    const begin = rows().indexOf(cell.closest("tr"));
    const into = rows().slice(begin, begin + block.length);
    const fits = into.length === block.length && columns.length === block[0].length &&
      block.every((line) => line.length === columns.length) &&
      into.every((row) => columns.every((column) => row.querySelector('td[data-cell="' + column + '"]')));
    if (!fits) { say(table.dataset.tooWide, true); return; }
    const measure = cell.closest("tr").dataset.measure;
    const column = cell.dataset.cell;
    const problem = await save(columns, into.map((row, at) => [row.dataset.measure, row.dataset.version, ...block[at]]));
    say(problem || table.dataset.saved, Boolean(problem));
    focus(find(measure, column));
  });

  prepare();
})();
