// "Copy" buttons. A page from a file has no clipboard in every browser: then the text is selected, to be copied by hand.
import { make } from "./dom.js";

function selected(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

/** A button that copies `words()`; the element that `shown` gives is selected where that is not allowed. */
export function copyButton(title, words, shown) {
  const button = make("button", { type: "button", class: "small copy", onclick: async (event) => {
    event.stopPropagation();
    try {
      await navigator.clipboard.writeText(words());
      button.textContent = "copied";
    } catch {
      selected(shown());
      button.textContent = "selected: press Ctrl-C";
    }
    setTimeout(() => { button.textContent = title; }, 3000);
  } }, title);
  return button;
}

/** A word for a shell. */
export function quoted(word) {
  return /^[A-Za-z0-9._/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
