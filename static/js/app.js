/* What the browser adds to the pages: keys, menus, dialogs, toasts, the theme. Every page works without it. */

(function () {
  "use strict";

  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  // theme: a cookie, so that the server draws the page right the first time ----------------------------------------

  const root = document.documentElement;

  function showTheme() {
    const chosen = root.dataset.theme || "";
    all("[data-set-theme]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.setTheme === chosen)));
  }

  function setTheme(name) {
    if (name) root.dataset.theme = name; else delete root.dataset.theme;
    document.cookie = "theme=" + name + ";path=/;samesite=lax;max-age=" + (name ? 31536000 : 0);
    showTheme();
  }

  // toasts ---------------------------------------------------------------------------------------------------------

  function expire(toast) {
    if (!toast.matches(".success, .info") || toast.dataset.expires) return;
    toast.dataset.expires = "1";
    let timer = setTimeout(() => toast.remove(), 6000);
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", () => { timer = setTimeout(() => toast.remove(), 2500); });
  }

  function toast(text, level) {
    const box = one("#toasts");
    if (!box) return;
    const item = document.createElement("div");
    item.className = "toast " + level;
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "tool";
    close.textContent = "×";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", document.body.dataset.closeLabel);
    item.append(words, close);
    box.append(item);
    expire(item);
  }

  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const plain = (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    toast(plain && answer.responseText ? answer.responseText : document.body.dataset.trouble, "error");
  });
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.unreachable, "error"));
  document.addEventListener("htmx:timeout", () => toast(document.body.dataset.unreachable, "error"));

  // details beside the list ----------------------------------------------------------------------------------------

  function within(some, search) {
    const here = new URLSearchParams(search);
    return Array.from(new URLSearchParams(some)).every(([name, value]) => here.getAll(name).includes(value));
  }

  function markOpenRow() {
    all("[data-row]").forEach((row) => {
      const link = one("a[href]", row);
      const open = link && !link.getAttribute("href").startsWith("#") && link.pathname === location.pathname && within(link.search, location.search);
      row.classList.toggle("open", Boolean(open));
      if (open) link.setAttribute("aria-current", "true"); else if (link) link.removeAttribute("aria-current");
    });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    all("[data-toast]").forEach(expire);
    if (event.detail.target.id === "panel") {
      event.detail.target.scrollTop = 0;
      event.detail.target.focus({ preventScroll: true });
    }
  });
  document.addEventListener("htmx:pushedIntoHistory", markOpenRow);

  // pressing -------------------------------------------------------------------------------------------------------

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (dialog && dialog.showModal) dialog.showModal();
    return Boolean(dialog);
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    all("details.menu[open]").forEach((menu) => { if (target === menu || !menu.contains(target)) menu.open = false; });

    const opener = target.closest("[data-dialog]");
    if (opener && openDialog(opener.dataset.dialog)) {
      event.preventDefault();
      const menu = opener.closest("details.menu");
      if (menu) menu.open = false;
      return;
    }
    const closer = target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
    if (target.matches("dialog.dialog")) target.close();

    const gone = target.closest("[data-dismiss]");
    if (gone) gone.closest(".toast").remove();

    const theme = target.closest("[data-set-theme]");
    if (theme) setTheme(theme.dataset.setTheme);

    const row = target.closest("[data-row]");
    if (row && !target.closest("a, button, input, select, textarea, label, summary") && !String(getSelection())) {
      const link = one("a[href]", row);
      if (link) link.click();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-busy]")) return;
    // After the browser has taken the pressed button's name and value.
    setTimeout(() => all("button, input[type=submit]", form).forEach((b) => { b.disabled = true; }), 0);
  });
  // A page that comes back from the browser's memory must be usable again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) all("form[data-busy] button:disabled").forEach((b) => { b.disabled = false; });
  });

  // keys -----------------------------------------------------------------------------------------------------------

  function step(by) {
    const links = all("[data-row]").map((row) => one("a[href], button", row)).filter((link) => link && link.offsetParent);
    if (!links.length) return false;
    const row = document.activeElement.closest("[data-row]") || one("[data-row].open");
    const now = row ? links.findIndex((link) => row.contains(link)) : -1;
    const next = links[Math.min(Math.max(now + by, 0), links.length - 1)];
    next.focus({ preventScroll: true });
    next.closest("[data-row]").scrollIntoView({ block: "nearest" });
    return true;
  }

  function listPageKeys() {
    const list = one("[data-page-keys]");
    if (!list) return;
    list.textContent = "";
    all("[data-key]").filter((element) => element.offsetParent).forEach((element) => {
      const term = document.createElement("dt");
      const cap = document.createElement("kbd");
      cap.textContent = element.dataset.key;
      term.append(cap);
      const words = document.createElement("dd");
      const copy = element.cloneNode(true);
      all("kbd, svg", copy).forEach((part) => part.remove());
      words.textContent = copy.textContent.trim() || element.getAttribute("aria-label") || element.title;
      list.append(term, words);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = one("details.menu[open]");
      if (menu) {
        menu.open = false;
        one("summary", menu).focus();
      } else if (typing(event.target)) {
        event.target.blur();
      } else if (!one("dialog[open]")) {
        const close = one("#panel [data-close-panel]");
        if (close) close.click();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || one("dialog[open]")) return;
    if (event.key === "?") {
      listPageKeys();
      if (openDialog("keys")) event.preventDefault();
    } else if (event.key === "/") {
      const search = one("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else {
      const own = all("[data-key]").find((e) => e.dataset.key === event.key && e.offsetParent && !e.disabled);
      if (own) {
        event.preventDefault();
        if (own.matches("input:not([type=submit], [type=checkbox]), textarea, select")) own.focus(); else own.click();
      } else if (event.key === "j" || event.key === "k") {
        if (step(event.key === "j" ? 1 : -1)) event.preventDefault();
      }
    }
  });

  // lists to tick: all at once, and the row in focus by the space bar
  document.addEventListener("change", (event) => {
    const name = event.target.dataset.checkAll;
    if (!name) return;
    all(`input[type="checkbox"][name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !event.target.matches("a")) return;
    const row = event.target.closest("[data-row]");
    const box = row && one(".tick input[type=checkbox]:enabled", row);
    if (!box) return;
    event.preventDefault();
    box.click();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dialog=keys]")) listPageKeys();
  }, true);

  if (history.length > 1) {
    all("[data-back]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => history.back());
    });
  }
  // on a phone the row of tabs is longer than the screen: the one that is open must be seen
  all(".tabs [aria-current]").forEach((tab) => {
    const strip = tab.closest(".tabs");
    strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  });
  showTheme();
  markOpenRow();
  all("[data-toast]").forEach(expire);
})();
