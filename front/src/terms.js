// What a term means, for the pointer, the keyboard and the finger: a button beside the term opens a note.
import { make } from "./dom.js";

let note;
let owner = null;

function theNote() {
  if (note) return note;
  note = make("div", { id: "term-note", class: "tip", role: "tooltip", hidden: true });
  document.body.append(note);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  document.addEventListener("pointerdown", (event) => { if (owner && event.target !== owner && !note.contains(event.target)) hide(); });
  return note;
}

function hide() {
  if (!owner) return;
  owner.setAttribute("aria-expanded", "false");
  owner.removeAttribute("aria-describedby");
  owner = null;
  note.hidden = true;
}

function show(button, words) {
  const place = theNote();
  if (owner && owner !== button) hide();
  owner = button;
  place.textContent = words;
  place.hidden = false;
  button.setAttribute("aria-expanded", "true");
  button.setAttribute("aria-describedby", place.id);
  const at = button.getBoundingClientRect();
  const room = document.documentElement.clientWidth - place.offsetWidth - 12;
  place.style.left = `${Math.max(12, Math.min(at.left - 12, room)) + scrollX}px`;
  place.style.top = `${at.bottom + 6 + scrollY}px`;
}

/** A small button that tells what a term means; nothing where the page does not say. */
export function termButton(glossary, term) {
  const words = glossary?.get(term);
  if (!words) return null;
  const button = make("button", { type: "button", class: "term", "aria-expanded": "false", "aria-label": `What is “${term}”?` }, "?");
  // A finger's first touch focuses and then clicks: that click must not close what the focus opened.
  let opened = 0;
  const open = () => { if (owner !== button) opened = Date.now(); show(button, words); };
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    if (owner === button && Date.now() - opened > 400) hide();
    else open();
  });
  button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && open());
  button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && document.activeElement !== button && hide());
  button.addEventListener("focus", open);
  button.addEventListener("blur", hide);
  return button;
}

/** The term with its button. */
export function termed(glossary, term, words = term) {
  const button = termButton(glossary, term);
  return button ? make("span", {}, words, button) : words;
}
