/* The grid of lights: arrow keys from cell to cell, and what a cell says on hover. Works as a plain table without. */

(function () {
  "use strict";

  const table = document.querySelector("[data-grid]");
  if (!table) return;
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  let here = null;

  function say(cell) {
    const link = cell.firstElementChild;
    if (!link || link.title || cell.tagName !== "TD") return;
    const head = heads[cell.cellIndex];
    const words = link.getAttribute("aria-label") || link.textContent;
    const measure = (head.querySelector("a") || head.firstElementChild).title || head.textContent;
    link.title = cell.parentNode.cells[0].textContent + "\n" + measure + "\n" + words;
  }

  function cross(cell) {
    if (here) heads[here.cellIndex].firstElementChild.classList.remove("crossed");
    here = cell;
    if (here) heads[here.cellIndex].firstElementChild.classList.add("crossed");
  }

  // One stop for the Tab key: four thousand links are no way through a page.
  const links = Array.from(body.querySelectorAll("td > a"));
  links.forEach((link) => { link.tabIndex = -1; });
  if (links.length) links[0].tabIndex = 0;
  let stop = links[0];

  function enter(link) {
    stop.tabIndex = -1;
    stop = link;
    stop.tabIndex = 0;
  }

  function shown(cell) {
    // Names and sums lie over the cells that scroll beneath them.
    const box = table.parentNode;
    const row = cell.parentNode;
    const left = row.cells[0].offsetWidth;
    const edges = Array.from(row.querySelectorAll(".edge")).reduce((sum, edge) => sum + edge.offsetWidth, 0);
    const top = table.tHead.offsetHeight;
    const foot = table.tFoot ? table.tFoot.offsetHeight : 0;
    if (cell.offsetLeft - left < box.scrollLeft) box.scrollLeft = cell.offsetLeft - left;
    else if (cell.offsetLeft + cell.offsetWidth + edges > box.scrollLeft + box.clientWidth) box.scrollLeft = cell.offsetLeft + cell.offsetWidth + edges - box.clientWidth;
    if (row.offsetTop - top < box.scrollTop) box.scrollTop = row.offsetTop - top;
    else if (row.offsetTop + row.offsetHeight + foot > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop + row.offsetHeight + foot - box.clientHeight;
  }

  function next(cell, across, down) {
    let row = cell.parentNode;
    let column = cell.cellIndex;
    for (;;) {
      column += across;
      if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
      const found = row && row.cells[column];
      if (!found) return null;
      if (found.querySelector("a")) return found;
    }
  }

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  body.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    const cell = event.target.closest("td, th");
    if (!move || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const found = next(cell, move[0], move[1]);
    if (!found) return;
    found.querySelector("a").focus({ preventScroll: true });
    shown(found);
    table.parentNode.scrollIntoView({ block: "nearest" });
  });

  body.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td");
    cross(cell);
    if (!cell) return;
    enter(event.target);
    say(cell);
  });
  body.addEventListener("focusout", () => cross(null));
  body.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td");
    if (!cell) return;
    cross(cell);
    say(cell);
  });
  body.addEventListener("mouseleave", () => cross(null));
})();
