/* Keeps what people type into a form with data-draft on their own device, also without a network, until it has arrived. */

(function () {
  "use strict";

  const PREFIX = "draft:";
  const KEEP = 14 * 24 * 3600 * 1000;
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  function read(key) {
    try { return JSON.parse(localStorage.getItem(PREFIX + key)); } catch (_) { return null; }
  }
  function write(key, draft) {
    try { localStorage.setItem(PREFIX + key, JSON.stringify(draft)); return true; } catch (_) { return false; }
  }
  function drop(key) {
    try { localStorage.removeItem(PREFIX + key); } catch (_) { /* storage is closed: nothing was kept either */ }
  }

  // the server names, in a cookie of its own, the draft that has arrived
  function forgetSent() {
    const sent = document.cookie.split("; ").find((part) => part.startsWith("draft_sent="));
    if (!sent) return;
    drop(decodeURIComponent(sent.slice(11)).replace(/^"|"$/g, ""));
    document.cookie = "draft_sent=;path=/;max-age=0;samesite=lax";
  }

  function forgetOld() {
    try {
      Object.keys(localStorage).filter((name) => name.startsWith(PREFIX)).forEach((name) => {
        const draft = read(name.slice(PREFIX.length));
        if (!draft || Date.now() - draft.at > KEEP) localStorage.removeItem(name);
      });
    } catch (_) { /* no storage, no drafts */ }
  }

  const fields = (form) => all("textarea, input[type=text], input[type=number], input[type=date], select", form).filter((f) => f.name);
  const values = (form) => Object.fromEntries(fields(form).map((f) => [f.name, f.value]));

  function attach(form) {
    const key = form.dataset.draft;
    const line = form.querySelector("[data-draft-state]");
    const before = values(form);
    const kept = read(key);
    const say = (text) => { if (line) line.textContent = text; };

    const differs = kept && Object.entries(kept.values).some(([name, value]) => name in before && before[name] !== value && value !== "");
    if (differs && !("bound" in form.dataset)) {
      fields(form).forEach((f) => { if (f.name in kept.values) { f.value = kept.values[f.name]; f.dispatchEvent(new Event("input", { bubbles: true })); } });
      if (line) {
        say(line.dataset.restored + " ");
        const undo = document.createElement("button");
        undo.type = "button";
        undo.className = "plain";
        undo.textContent = line.dataset.drop;
        undo.addEventListener("click", () => {
          drop(key);
          fields(form).forEach((f) => { f.value = before[f.name]; });
          say("");
        });
        line.append(undo);
      }
    }

    let timer = 0;
    form.addEventListener("input", (event) => {
      if (!event.isTrusted) return;
      clearTimeout(timer);
      timer = setTimeout(() => { if (write(key, { at: Date.now(), values: values(form) }) && line) say(line.dataset.saved); }, 300);
    });
    form.addEventListener("submit", (event) => {
      write(key, { at: Date.now(), values: values(form) });
      if (navigator.onLine === false) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (line) say(line.dataset.offline);
      }
    }, true);
  }

  // chosen files by name, and those refused here that the server would refuse after a long upload
  function attachUpload(box) {
    const list = box.querySelector("[data-upload-list]");
    box.addEventListener("change", () => {
      list.textContent = "";
      all("input[type=file]", box).forEach((input) => {
        const files = Array.from(input.files);
        const large = files.filter((file) => file.size > Number(box.dataset.limit));
        if (large.length) input.value = "";
        files.forEach((file) => {
          const item = document.createElement("li");
          const tooLarge = large.includes(file);
          item.textContent = (large.length ? (tooLarge ? box.dataset.tooLarge + " " : "") : box.dataset.chosen + " ") + file.name;
          if (tooLarge) item.className = "bad";
          if (!large.length || tooLarge) list.append(item);
        });
      });
      if (box.matches("[data-upload-now]") && all("input[type=file]", box).some((input) => input.files.length)) box.closest("form").requestSubmit();
    });
  }

  forgetSent();
  forgetOld();
  all("form[data-draft]").forEach(attach);
  all("[data-upload]").forEach(attachUpload);

  // a chip that writes its words into a field, as the reasons of a return
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-fill]");
    if (!chip) return;
    const field = document.getElementById(chip.dataset.fill);
    field.value = chip.dataset.words;
    field.focus();
  });
})();
