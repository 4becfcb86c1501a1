/* The plan's table and forms: tick all, and no sending by Enter from a search field inside a form. */

(function () {
  "use strict";

  document.addEventListener("change", (event) => {
    const name = event.target.dataset.checkAll;
    if (!name) return;
    document.querySelectorAll('input[type="checkbox"][name="' + name + '"]').forEach((box) => { box.checked = event.target.checked; });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-no-submit]")) event.preventDefault();
  });
})();
