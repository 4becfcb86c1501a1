/* The reading page: one card is the current one, its mark in the text shows, its keys work; selected words can be marked. */

(function () {
  "use strict";

  const desk = document.querySelector(".desk");
  if (!desk) return;
  desk.dataset.scripted = "";
  const narrow = window.matchMedia("(max-width: 760px)");
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const cardOf = (id) => document.getElementById("card-" + id);
  const marksOf = (id) => all('.act[data-action="' + id + '"]', desk);
  const currentCard = () => desk.querySelector(".card[data-current]");

  // one current card -----------------------------------------------------------------------------------------------

  function makeCurrent(card, { text = true } = {}) {
    const before = currentCard();
    if (before && before !== card) {
      delete before.dataset.current;
      all("[data-key]", before).forEach((button) => button.removeAttribute("data-key"));
    }
    all(".act.current", desk).forEach((mark) => mark.classList.remove("current"));
    card.dataset.current = "";
    all("[data-own-key]", card).forEach((button) => { button.dataset.key = button.dataset.ownKey; });
    const marks = marksOf(card.dataset.action);
    marks.forEach((mark) => mark.classList.add("current"));
    if (text && marks.length && !narrow.matches) marks[0].scrollIntoView({ block: "nearest" });
  }

  function goTo(card) {
    const fold = card.closest("details");
    if (fold) fold.open = true;
    card.querySelector("a").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    makeCurrent(card);
  }

  function nextOpen(card) {
    const open = all('.card[data-state="OPEN"]', desk).filter((one) => !one.closest("details:not([open])"));
    return open.find((one) => card.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) || open[0];
  }

  // Making a card current may move the page; while a button is held down it would slip away from under the pointer.
  let pressed = false;

  desk.addEventListener("pointerdown", () => { pressed = true; }, true);
  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => {
    if (!pressed) return;
    pressed = false;
    setTimeout(() => {
      const card = document.activeElement && document.activeElement.closest(".desk .card");
      if (card && card !== currentCard()) makeCurrent(card);
    });
  }, true));

  desk.addEventListener("focusin", (event) => {
    const card = event.target.closest(".card");
    if (card && !pressed) makeCurrent(card);
  });

  // text and cards point at each other -----------------------------------------------------------------------------

  function show(view) {
    desk.dataset.shows = view;
    all(".switch [data-view]").forEach((chip) => {
      if (chip.dataset.view === view) chip.setAttribute("aria-current", "true"); else chip.removeAttribute("aria-current");
    });
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".switch [data-view]");
    if (chip) {
      event.preventDefault();
      show(chip.dataset.view);
      return;
    }
    if (event.target.closest("[data-close-form]")) {
      closeForm(event.target.closest(".card"));
      return;
    }
    const link = event.target.closest('a[href^="#card-"], a[href^="#action-"]');
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const id = link.hash.replace(/^#\w+-/, "");
    const card = cardOf(id);
    if (!card) return;
    if (link.hash.startsWith("#card-")) {
      show("cards");
      goTo(card);
      return;
    }
    makeCurrent(card);
    // A tap on the words themselves leads to the text; a tap somewhere on the card only makes it the current one.
    if (narrow.matches && event.isTrusted) {
      show("text");
      marksOf(id).slice(0, 1).forEach((mark) => mark.scrollIntoView({ block: "center" }));
    }
  });

  // forms inside cards, and what comes back ------------------------------------------------------------------------

  function closeForm(card) {
    if (!card) return;
    const form = card.querySelector(".card-form");
    if (form) form.textContent = "";
    card.querySelector("a").focus();
  }

  desk.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const form = event.target.closest(".card-form");
    if (form) {
      event.stopPropagation();
      closeForm(form.closest(".card"));
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.target.matches || !event.target.matches(".card-form")) return;
    const first = event.target.querySelector("[autofocus], [aria-invalid=true], textarea, select, input:not([type=hidden])");
    if (first) first.focus();
    event.target.closest(".card").scrollIntoView({ block: "nearest" });
  });

  let onlyOpen = false;
  document.addEventListener("change", (event) => {
    if (event.target.id === "only-open") onlyOpen = event.target.checked;
  });

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const swapped = event.detail.target;
    if (swapped && swapped.id === "cover") {
      const box = document.getElementById("only-open");
      if (box) box.checked = onlyOpen;
    }
    if (!swapped || !/^card-\d+$/.test(swapped.id)) return;
    const card = document.getElementById(swapped.id);
    marksOf(card.dataset.action).forEach((mark) => { mark.dataset.state = card.dataset.state; });
    // The card that was acted on had the focus; the next one to decide takes it.
    const next = card.dataset.state === "OPEN" ? card : nextOpen(card) || card;
    setTimeout(() => goTo(document.getElementById(next.id)), 0);
  });

  // selected words -------------------------------------------------------------------------------------------------

  const prose = document.querySelector("#prose[data-selectable]");
  const offer = document.getElementById("selection");

  function offerSelection() {
    const selection = document.getSelection();
    const words = String(selection).trim();
    const inside = selection.rangeCount && prose.contains(selection.anchorNode) && prose.contains(selection.focusNode);
    if (!inside || words.length < 2 || words.length > 300) {
      offer.hidden = true;
      return;
    }
    const range = selection.getRangeAt(0);
    const start = range.startContainer.nodeType === Node.TEXT_NODE ? range.startContainer.parentElement : range.startContainer;
    const run = start.closest("[data-at]");
    offer.elements.words.value = words;
    offer.elements.near.value = run ? Number(run.dataset.at) + before(run, range) : "";
    const box = range.getBoundingClientRect();
    offer.hidden = false;
    offer.style.left = Math.max(8, Math.min(box.left, window.innerWidth - offer.offsetWidth - 8)) + "px";
    offer.style.top = Math.min(box.bottom + 8, window.innerHeight - offer.offsetHeight - 8) + "px";
  }

  function before(run, range) {
    const lead = document.createRange();
    lead.setStart(run, 0);
    lead.setEnd(range.startContainer, range.startOffset);
    return Array.from(String(lead)).length;
  }

  if (prose && offer) {
    document.addEventListener("selectionchange", () => { clearTimeout(offer.timer); offer.timer = setTimeout(offerSelection, 150); });
    document.addEventListener("scroll", () => { offer.hidden = true; }, { capture: true, passive: true });
  }

  // arriving -------------------------------------------------------------------------------------------------------

  const wanted = /^#(?:card|action)-(\d+)$/.exec(location.hash);
  const first = (wanted && cardOf(wanted[1])) || desk.querySelector('.card[data-state="OPEN"]');
  if (wanted && first) {
    goTo(first);
    if (location.hash.startsWith("#action-")) {
      show("text");
      marksOf(wanted[1]).slice(0, 1).forEach((mark) => mark.scrollIntoView({ block: "center" }));
    }
  } else if (first) {
    makeCurrent(first, { text: false });
  }
})();
