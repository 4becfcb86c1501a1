/* The plan's table and forms: no sending by Enter from a search field inside a form, rows pasted from a spreadsheet. */

(function () {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-no-submit]")) event.preventDefault();
  });

  // Rows copied in a spreadsheet and pasted anywhere on the page but into a field go to the page that checks them.
  document.addEventListener("paste", (event) => {
    if (event.defaultPrevented || event.target.closest && event.target.closest("input, textarea, select, [contenteditable]")) return;
    const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    if (!text.includes("\t")) return;
    const field = document.getElementById("pasted");
    const door = document.querySelector("[data-paste-into]");
    if (!field && !door) return;
    event.preventDefault();
    if (field) { field.value = text; field.form.requestSubmit(); return; }
    const token = document.querySelector('input[name="csrfmiddlewaretoken"]');
    if (!token) return;
    const form = document.createElement("form");
    form.method = "post";
    form.action = door.href;
    for (const [name, value] of [[door.dataset.pasteInto, text], [token.name, token.value]]) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  });
})();
